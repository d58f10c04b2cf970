// Which products were taken from one instance to another, the newest first.
import { useOperation, type Answer } from '../../api';
import { Card, count, Empty, Id, PageLink, ResourceTable, Time, type Column } from '../../kit';
import { useTexts } from './texts';

type Migration = Answer<'DescribeMigrations'>['Migrations'][number];

export function Migrations() {
  const t = useTexts();
  const list = useOperation('DescribeMigrations', {});
  const columns: Column<Migration>[] = [
    {
      key: 'product',
      title: t('instances.moves.product'),
      fixed: true,
      render: ({ ProductId }) => (
        <Id value={ProductId}>
          <PageLink to={`/products/${ProductId}`}>{ProductId}</PageLink>
        </Id>
      ),
    },
    {
      key: 'from',
      title: t('instances.moves.from'),
      render: (move) => <Id value={move.FromInstanceId} />,
    },
    { key: 'to', title: t('instances.moves.to'), render: (move) => <Id value={move.ToInstanceId} /> },
    {
      key: 'devices',
      title: t('instances.moves.devices'),
      align: 'right',
      render: (move) => count(move.DeviceCount),
    },
    {
      key: 'when',
      title: t('instances.moves.when'),
      render: (move) => <Time at={move.CreateTime * 1000} />,
    },
  ];
  const newest = list.data?.Migrations.toSorted((one, other) => other.CreateTime - one.CreateTime);
  return (
    <Card size="small" title={t('instances.moves.title')}>
      <ResourceTable
        id="migrations"
        label={t('instances.moves.title')}
        columns={columns}
        rows={newest}
        rowKey={({ ProductId, CreateTime, ToInstanceId }) => `${ProductId} ${CreateTime} ${ToInstanceId}`}
        loading={list.isPending}
        error={list.error}
        refresh={() => void list.refetch()}
        empty={<Empty title={t('instances.moves.none')}>{t('instances.moves.about')}</Empty>}
      />
    </Card>
  );
}
