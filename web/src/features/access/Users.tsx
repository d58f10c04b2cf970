// The users of the account: people and programs with names of their own.
import { useState } from 'react';

import { useOperation, type Answer } from '../../api';
import {
  Button,
  Empty,
  GuardedButton,
  icons,
  Id,
  Input,
  ResourceTable,
  Status,
  Time,
  useAddress,
  type Column,
} from '../../kit';
import { CreateUser } from './CreateUser';
import { useTexts } from './texts';
import { UserDrawer } from './UserDrawer';

export type User = Answer<'ListUsers'>['Data'][number];

export function Users() {
  const t = useTexts();
  const [{ find, user }, setAddress] = useAddress({ find: '', user: '' });
  const list = useOperation('ListUsers', {});
  const [creating, setCreating] = useState(false);
  const wanted = find.trim().toLowerCase();
  const rows = list.data?.Data.filter(
    (each) => each.Name.toLowerCase().includes(wanted) || each.Remark.toLowerCase().includes(wanted),
  );
  const opened = list.data?.Data.find((each) => each.Name === user);
  const columns: Column<User>[] = [
    {
      key: 'name',
      title: t('users.name'),
      fixed: true,
      render: (each) => (
        <Button type="link" onClick={() => setAddress({ user: each.Name }, true)}>
          <bdi>{each.Name}</bdi>
        </Button>
      ),
    },
    { key: 'uin', title: t('users.number'), extra: true, render: (each) => <Id value={String(each.Uin)} /> },
    {
      key: 'state',
      title: t('users.state'),
      render: (each) =>
        each.Enabled ? (
          <Status tone="good">{t('users.enabled')}</Status>
        ) : (
          <Status tone="off">{t('users.disabled')}</Status>
        ),
    },
    {
      key: 'login',
      title: t('users.login'),
      render: (each) => {
        if (each.ConsoleLogin === 0) return <span className="kit-faint">{t('users.noLogin')}</span>;
        return each.SecondFactor ? t('users.withFactor') : t('users.withPassword');
      },
    },
    {
      key: 'last',
      title: t('users.last'),
      render: (each) =>
        each.LastLoginTime > 0 ? <Time at={each.LastLoginTime * 1_000} /> : <span>{t('users.never')}</span>,
    },
    { key: 'remark', title: t('users.remark'), render: (each) => <bdi>{each.Remark}</bdi> },
  ];
  return (
    <>
      <ResourceTable
        id="users"
        label={t('users.title')}
        columns={columns}
        rows={rows}
        rowKey={(each) => String(each.Uin)}
        loading={list.isPending}
        error={list.error}
        refresh={() => void list.refetch()}
        filters={
          <>
            <Input.Search
              allowClear
              value={find}
              aria-label={t('users.find')}
              placeholder={t('users.find')}
              onChange={(event) => setAddress({ find: event.target.value })}
              style={{ width: 240 }}
            />
            <GuardedButton
              operation="AddUser"
              type="primary"
              icon={<icons.PlusOutlined />}
              onClick={() => setCreating(true)}
            >
              {t('users.create')}
            </GuardedButton>
          </>
        }
        empty={<Empty title={t('users.emptyTitle')}>{t('users.emptyText')}</Empty>}
      />
      {creating && <CreateUser onClose={() => setCreating(false)} />}
      {opened && <UserDrawer user={opened} onClose={() => setAddress({ user: '' })} />}
    </>
  );
}
