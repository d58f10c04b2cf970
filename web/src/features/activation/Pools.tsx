// The pools of an instance; the operator of the installation adds and removes them.
import { useState } from 'react';

import { useChange, useOperation, useSession, type Answer } from '../../api';
import {
  Card,
  count,
  Danger,
  Empty,
  exact,
  GuardedButton,
  icons,
  notice,
  ResourceTable,
  Status,
  Time,
  useNow,
  type Column,
} from '../../kit';
import { isDeviceKind } from './codes';
import { PoolForm } from './PoolForm';
import { useTexts } from './texts';
import { ABOUT_POOLS } from './useCodes';

type Pool = Answer<'DescribeLicensePools'>['Pools'][number];

export function Pools({ instance }: { instance: string }) {
  const t = useTexts();
  const now = useNow();
  const operator = useSession((session) => session.operator);
  const list = useOperation('DescribeLicensePools', { InstanceId: instance });
  const [adding, setAdding] = useState(false);
  const [removed, setRemoved] = useState<Pool>();
  const remove = useChange('RemoveLicensePool', ABOUT_POOLS);
  const because = operator ? undefined : t('pools.onlyOperator');
  const nameOf = (kind: string) => (isDeviceKind(kind) ? t(`kind.${kind}`) : kind);
  const columns: Column<Pool>[] = [
    { key: 'id', title: t('pools.id'), render: (pool) => pool.PoolId },
    {
      key: 'kind',
      title: t('pools.kind'),
      fixed: true,
      render: ({ LicenseType }) => <bdi>{nameOf(LicenseType)}</bdi>,
    },
    { key: 'number', title: t('pools.number'), align: 'right', render: (pool) => count(pool.TotalNum) },
    { key: 'period', title: t('pools.period'), render: (pool) => <bdi>{pool.Period}</bdi> },
    { key: 'created', title: t('pools.created'), render: (pool) => <Time at={pool.CreateTime * 1000} /> },
    {
      key: 'ends',
      title: t('pools.ends'),
      render: ({ ExpireTime }) => {
        if (ExpireTime === 0) return t('pools.never');
        if (ExpireTime * 1000 <= now) return <Status tone="off">{t('pools.over')}</Status>;
        return exact(ExpireTime * 1000);
      },
    },
    {
      key: 'actions',
      title: t('pools.actions'),
      fixed: true,
      render: (pool) => (
        <GuardedButton
          operation="RemoveLicensePool"
          because={because}
          size="small"
          danger
          icon={<icons.DeleteOutlined />}
          onClick={() => setRemoved(pool)}
        >
          {t('pools.remove')}
        </GuardedButton>
      ),
    },
  ];
  const add = (
    <GuardedButton
      operation="AddLicensePool"
      because={because}
      icon={<icons.PlusOutlined />}
      onClick={() => setAdding(true)}
    >
      {t('pools.add')}
    </GuardedButton>
  );
  return (
    <Card size="small" title={t('pools.title')} extra={add}>
      <ResourceTable
        id="licence-pools"
        label={t('pools.title')}
        columns={columns}
        rows={list.data?.Pools}
        rowKey={(pool) => String(pool.PoolId)}
        loading={list.isPending}
        error={list.error}
        refresh={() => void list.refetch()}
        empty={<Empty title={t('pools.emptyTitle')}>{t('pools.emptyText')}</Empty>}
      />
      {adding && <PoolForm instance={instance} onClose={() => setAdding(false)} />}
      <Danger
        open={removed !== undefined}
        title={t('pools.removeTitle', {
          number: count(removed?.TotalNum ?? 0),
          kind: nameOf(removed?.LicenseType ?? ''),
        })}
        action={t('pools.remove')}
        onClose={() => setRemoved(undefined)}
        onConfirm={async () => {
          if (!removed) return;
          await remove.mutateAsync({ PoolId: removed.PoolId });
          notice.done(t('pools.removed'));
        }}
      >
        {t('pools.removeText')}
      </Danger>
    </Card>
  );
}
