// The policies that a user has.
import { useState } from 'react';

import { useChange, useMay, useOperation, type Answer } from '../../api';
import { Empty, GuardedButton, notice, ResourceTable, Select, type Column } from '../../kit';
import { useTexts } from './texts';

const MOST_POLICIES = 200;

type Attached = Answer<'ListAttachedUserPolicies'>['List'][number];

export function UserPolicies({ uin }: { uin: number }) {
  const t = useTexts();
  const may = useMay();
  const list = useOperation('ListAttachedUserPolicies', { TargetUin: uin, Rp: MOST_POLICIES });
  const all = useOperation('ListPolicies', { Rp: MOST_POLICIES });
  const attach = useChange('AttachUserPolicy', ['ListAttachedUserPolicies', 'ListPolicies']);
  const detach = useChange('DetachUserPolicy', ['ListAttachedUserPolicies', 'ListPolicies']);
  const [chosen, setChosen] = useState<number>();
  const run = async (work: Promise<unknown>) => {
    try {
      await work;
      setChosen(undefined);
    } catch (failure) {
      notice.failed(failure instanceof Error ? failure.message : String(failure));
    }
  };
  const has = new Set(list.data?.List.map((policy) => policy.PolicyId));
  const columns: Column<Attached>[] = [
    {
      key: 'name',
      title: t('policies.name'),
      fixed: true,
      render: (policy) => (
        <>
          <bdi>{policy.PolicyName}</bdi>
          <div className="kit-faint">
            <bdi>{policy.Remark}</bdi>
          </div>
        </>
      ),
    },
    {
      key: 'actions',
      title: t('policies.actions'),
      fixed: true,
      render: (policy) => (
        <GuardedButton
          operation="DetachUserPolicy"
          size="small"
          onClick={() => void run(detach.mutateAsync({ PolicyId: policy.PolicyId, DetachUin: uin }))}
        >
          {t('policies.detach')}
        </GuardedButton>
      ),
    },
  ];
  return (
    <ResourceTable
      id="user-policies"
      label={t('users.policies')}
      columns={columns}
      rows={list.data?.List}
      rowKey={(policy) => String(policy.PolicyId)}
      loading={list.isPending}
      error={list.error}
      filters={
        <>
          <Select
            showSearch={{ optionFilterProp: 'label' }}
            value={chosen}
            onChange={setChosen}
            aria-label={t('policies.choose')}
            placeholder={t('policies.choose')}
            disabled={!may('AttachUserPolicy')}
            style={{ minWidth: 220 }}
            options={all.data?.List.filter((policy) => !has.has(policy.PolicyId)).map((policy) => ({
              value: policy.PolicyId,
              label: policy.PolicyName,
            }))}
          />
          <GuardedButton
            operation="AttachUserPolicy"
            disabled={chosen === undefined}
            onClick={() =>
              chosen !== undefined && void run(attach.mutateAsync({ PolicyId: chosen, AttachUin: uin }))
            }
          >
            {t('policies.attach')}
          </GuardedButton>
        </>
      }
      empty={<Empty title={t('policies.noneAttached')} />}
    />
  );
}
