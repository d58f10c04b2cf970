// Policies: preset ones, and those that the account made.
import { useState } from 'react';

import { useChange, useOperation, type Answer } from '../../api';
import {
  Button,
  count,
  Danger,
  Empty,
  GuardedButton,
  icons,
  Input,
  ResourceTable,
  Select,
  Tag,
  useAddress,
  type Column,
} from '../../kit';
import { PolicyEditor } from './PolicyEditor';
import { useTexts } from './texts';

type Policy = Answer<'ListPolicies'>['List'][number];

const PRESET = 2;
const PAGE = 20;

export function Policies() {
  const t = useTexts();
  const [{ find, scope, page }, setAddress] = useAddress({ find: '', scope: 'All', page: 1 });
  const list = useOperation(
    'ListPolicies',
    { Keyword: find, Scope: scope as 'All' | 'QCS' | 'Local', Page: page, Rp: PAGE },
    { keep: true },
  );
  const remove = useChange('DeletePolicy', ['ListPolicies']);
  const [edited, setEdited] = useState<Policy | 'new'>();
  const [deleted, setDeleted] = useState<Policy>();
  const columns: Column<Policy>[] = [
    {
      key: 'name',
      title: t('policies.name'),
      fixed: true,
      render: (policy) => (
        <Button type="link" onClick={() => setEdited(policy)}>
          <bdi>{policy.PolicyName}</bdi>
        </Button>
      ),
    },
    {
      key: 'kind',
      title: t('policies.kind'),
      render: (policy) => <Tag>{policy.Type === PRESET ? t('policies.preset') : t('policies.custom')}</Tag>,
    },
    { key: 'text', title: t('policies.description'), render: (policy) => <bdi>{policy.Description}</bdi> },
    {
      key: 'users',
      title: t('policies.users'),
      align: 'right',
      render: (policy) => count(policy.Attachments),
    },
    {
      key: 'actions',
      title: t('policies.actions'),
      fixed: true,
      render: (policy) => (
        <GuardedButton
          operation="DeletePolicy"
          size="small"
          danger
          icon={<icons.DeleteOutlined />}
          aria-label={t('policies.delete')}
          because={policy.Type === PRESET ? t('policies.presetStays') : undefined}
          onClick={() => setDeleted(policy)}
        />
      ),
    },
  ];
  return (
    <>
      <ResourceTable
        id="policies"
        label={t('policies.title')}
        columns={columns}
        rows={list.data?.List}
        rowKey={(policy) => String(policy.PolicyId)}
        loading={list.isPending}
        error={list.error}
        refresh={() => void list.refetch()}
        paging={{
          total: list.data?.TotalNum ?? 0,
          page,
          size: PAGE,
          onChange: (next) => setAddress({ page: next }, true),
        }}
        filters={
          <>
            <Input.Search
              allowClear
              value={find}
              aria-label={t('policies.find')}
              placeholder={t('policies.find')}
              onChange={(event) => setAddress({ find: event.target.value, page: 1 })}
              style={{ width: 240 }}
            />
            <Select
              value={scope}
              aria-label={t('policies.kind')}
              onChange={(value) => setAddress({ scope: value, page: 1 }, true)}
              options={[
                { value: 'All', label: t('policies.all') },
                { value: 'QCS', label: t('policies.preset') },
                { value: 'Local', label: t('policies.custom') },
              ]}
              style={{ minWidth: 120 }}
            />
            <GuardedButton
              operation="CreatePolicy"
              type="primary"
              icon={<icons.PlusOutlined />}
              onClick={() => setEdited('new')}
            >
              {t('policies.create')}
            </GuardedButton>
          </>
        }
        empty={<Empty title={t('policies.none')} />}
      />
      {edited !== undefined && (
        <PolicyEditor
          id={edited === 'new' ? undefined : edited.PolicyId}
          preset={edited !== 'new' && edited.Type === PRESET}
          onClose={() => setEdited(undefined)}
        />
      )}
      <Danger
        open={deleted !== undefined}
        title={t('policies.deleteTitle', { name: deleted?.PolicyName ?? '' })}
        name={deleted?.PolicyName}
        onClose={() => setDeleted(undefined)}
        onConfirm={async () => {
          if (deleted) await remove.mutateAsync({ PolicyId: [deleted.PolicyId] });
        }}
      >
        {t('policies.deleteText', { count: deleted?.Attachments ?? 0 })}
      </Danger>
    </>
  );
}
