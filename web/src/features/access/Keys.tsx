// API keys of an account: made, switched, deleted; the secret half is shown once.
import { useState } from 'react';

import { useChange, useOperation, type Answer } from '../../api';
import {
  Danger,
  Empty,
  GuardedButton,
  icons,
  Id,
  notice,
  ResourceTable,
  Space,
  Status,
  type Column,
} from '../../kit';
import { ShownOnce, type Told } from './ShownOnce';
import { useTexts } from './texts';

type Key = Answer<'ListAccessKeys'>['AccessKeys'][number];

export function Keys({ uin }: { uin: number }) {
  const t = useTexts();
  const list = useOperation('ListAccessKeys', { TargetUin: uin });
  const create = useChange('CreateAccessKey', ['ListAccessKeys']);
  const update = useChange('UpdateAccessKey', ['ListAccessKeys']);
  const remove = useChange('DeleteAccessKey', ['ListAccessKeys']);
  const [told, setTold] = useState<Told[]>();
  const [deleted, setDeleted] = useState<Key>();
  const run = async <T,>(work: Promise<T>): Promise<T | undefined> => {
    try {
      return await work;
    } catch (failure) {
      notice.failed(failure instanceof Error ? failure.message : String(failure));
      return undefined;
    }
  };
  const make = async () => {
    const made = await run(create.mutateAsync({ TargetUin: uin }));
    if (!made) return;
    setTold([
      { label: t('keys.id'), value: made.AccessKey.AccessKeyId },
      { label: t('keys.secret'), value: made.AccessKey.SecretAccessKey },
    ]);
  };
  const columns: Column<Key>[] = [
    { key: 'id', title: t('keys.id'), fixed: true, render: (key) => <Id value={key.AccessKeyId} /> },
    {
      key: 'state',
      title: t('users.state'),
      render: (key) =>
        key.Status === 'Active' ? (
          <Status tone="good">{t('users.enabled')}</Status>
        ) : (
          <Status tone="off">{t('users.disabled')}</Status>
        ),
    },
    { key: 'created', title: t('keys.created'), render: (key) => key.CreateTime },
    {
      key: 'actions',
      title: t('policies.actions'),
      fixed: true,
      render: (key) => (
        <Space>
          <GuardedButton
            operation="UpdateAccessKey"
            size="small"
            onClick={() =>
              void run(
                update.mutateAsync({
                  AccessKeyId: key.AccessKeyId,
                  TargetUin: uin,
                  Status: key.Status === 'Active' ? 'Inactive' : 'Active',
                }),
              )
            }
          >
            {key.Status === 'Active' ? t('users.disable') : t('users.enable')}
          </GuardedButton>
          <GuardedButton
            operation="DeleteAccessKey"
            size="small"
            danger
            icon={<icons.DeleteOutlined />}
            aria-label={t('keys.delete')}
            onClick={() => setDeleted(key)}
          />
        </Space>
      ),
    },
  ];
  return (
    <>
      <ResourceTable
        id="keys"
        label={t('keys.title')}
        columns={columns}
        rows={list.data?.AccessKeys}
        rowKey={(key) => key.AccessKeyId}
        loading={list.isPending}
        error={list.error}
        filters={
          <GuardedButton
            operation="CreateAccessKey"
            icon={<icons.PlusOutlined />}
            onClick={() => void make()}
          >
            {t('keys.create')}
          </GuardedButton>
        }
        empty={<Empty title={t('keys.none')} />}
      />
      {told && <ShownOnce title={t('keys.title')} told={told} onClose={() => setTold(undefined)} />}
      <Danger
        open={deleted !== undefined}
        title={t('keys.delete')}
        onClose={() => setDeleted(undefined)}
        onConfirm={async () => {
          if (deleted) await remove.mutateAsync({ AccessKeyId: deleted.AccessKeyId, TargetUin: uin });
        }}
      >
        {t('keys.deleteText')}
      </Danger>
    </>
  );
}
