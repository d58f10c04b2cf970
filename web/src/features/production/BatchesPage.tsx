// The batches of the chosen project, or of one product, with how far each is.
import {
  Button,
  count,
  Empty,
  GuardedButton,
  icons,
  Id,
  Page,
  PageLink,
  ProductSelect,
  ResourceTable,
  Time,
  useAddress,
  type Column,
} from '../../kit';
import { useMay } from '../../api';
import { addressOf } from './address';
import { BatchStatus } from './BatchStatus';
import { useBatches, useBatchStates, type Batch } from './batches';
import { NewBatch } from './NewBatch';
import './production.css';
import { useTexts } from './texts';

export default function BatchesPage() {
  const t = useTexts();
  const may = useMay();
  const [{ product, page, size, create }, setAddress] = useAddress({
    product: '',
    page: 1,
    size: 20,
    create: false,
  });
  const list = useBatches(product);
  const shown = list.batches?.slice((page - 1) * size, page * size);
  const states = useBatchStates(shown ?? []);
  const number = (batch: Batch, key: 'BatchCnt' | 'SuccessCount') => {
    const state = states.get(batch.BatchProductionId);
    return state ? count(state[key]) : '…';
  };
  const columns: Column<Batch>[] = [
    {
      key: 'id',
      title: t('batch'),
      fixed: true,
      render: (batch) => (
        <Id value={batch.BatchProductionId}>
          <PageLink to={addressOf(batch)}>{batch.BatchProductionId}</PageLink>
        </Id>
      ),
    },
    {
      key: 'product',
      title: t('product'),
      render: (batch) => (
        <PageLink to={`/products/${batch.ProductId}`}>
          <bdi>{batch.ProductName}</bdi>
        </PageLink>
      ),
    },
    {
      key: 'state',
      title: t('state'),
      render: (batch) => {
        const state = states.get(batch.BatchProductionId);
        return state ? <BatchStatus batch={state} /> : '…';
      },
    },
    { key: 'wanted', title: t('wanted'), align: 'right', render: (batch) => number(batch, 'BatchCnt') },
    { key: 'made', title: t('made'), align: 'right', render: (batch) => number(batch, 'SuccessCount') },
    {
      key: 'burn',
      title: t('burn.label'),
      render: ({ BurnMethod }) => (BurnMethod === 0 ? t('burn.each') : t('burn.product')),
    },
    { key: 'created', title: t('created'), render: (batch) => <Time at={batch.CreateTime * 1000} /> },
  ];
  const newOne = (
    <GuardedButton
      operation="CreateBatchProduction"
      type="primary"
      icon={<icons.PlusOutlined />}
      onClick={() => setAddress({ create: true })}
    >
      {t('create')}
    </GuardedButton>
  );
  return (
    <Page title={t('title')} about={t('about')} actions={newOne}>
      <ResourceTable
        id="batches"
        label={t('title')}
        columns={columns}
        rows={shown}
        rowKey={(batch) => batch.BatchProductionId}
        loading={list.isPending}
        error={list.error}
        refresh={() => void list.refetch()}
        filters={
          <ProductSelect<string>
            allowClear
            value={product || undefined}
            onChange={(value) => setAddress({ product: value ?? '', page: 1 })}
            style={{ width: 300, maxWidth: '100%' }}
          />
        }
        paging={{
          total: list.batches?.length ?? 0,
          page,
          size,
          onChange: (next, nextSize) => setAddress({ page: next, size: nextSize }, true),
        }}
        empty={
          product ? (
            <Empty
              title={t('noneOfProduct')}
              action={<Button onClick={() => setAddress({ product: '' })}>{t('showAll')}</Button>}
            />
          ) : (
            <Empty title={t('emptyTitle')} action={may('CreateBatchProduction') && newOne}>
              {t('emptyText')}
            </Empty>
          )
        }
      />
      {create && <NewBatch product={product} onClose={() => setAddress({ create: false })} />}
    </Page>
  );
}
