// One batch: how far it is, its result, what became of each device, and its labels.
import {
  Card,
  count,
  exact,
  Facts,
  FailureNote,
  Id,
  Page,
  PageLink,
  Progress,
  Skeleton,
  Tabs,
  useAddress,
  usePathValues,
} from '../../kit';
import { useOperation } from '../../api';
import { DONE, EVERY_MS, type BatchState } from './batches';
import { BatchStatus, shareOf } from './BatchStatus';
import { Outcomes } from './Outcomes';
import './production.css';
import { ResultCard } from './ResultCard';
import { Sheet } from './sheet/Sheet';
import { useTexts } from './texts';

export default function BatchPage() {
  const t = useTexts();
  const which = usePathValues<'productId' | 'batchId'>();
  const request = { ProductId: which.productId, BatchProductionId: which.batchId };
  const [{ tab }, setAddress] = useAddress({ tab: 'devices' });
  const batch = useOperation('DescribeBatchProduction', request, {
    every: (state) => (state && state.Status < DONE ? EVERY_MS : false),
  });
  const product = useOperation('DescribeStudioProduct', { ProductId: which.productId });
  const productName = product.data?.Product.ProductName ?? which.productId;
  const state = batch.data;
  return (
    <Page
      title={t('open', { id: which.batchId })}
      crumbs={[{ title: t('title'), path: '/production' }, { title: which.batchId }]}
    >
      <FailureNote error={batch.error} retry={() => void batch.refetch()} />
      {batch.isPending && <Skeleton active />}
      {state && (
        <>
          <Card size="small">
            <BatchFacts state={state} {...which} productName={productName} />
          </Card>
          <ResultCard state={state} {...which} />
          <Tabs
            activeKey={tab}
            onChange={(next) => setAddress({ tab: next }, true)}
            destroyOnHidden
            items={[
              {
                key: 'devices',
                label: t('tab.devices'),
                children: <Outcomes state={state} {...which} />,
              },
              {
                key: 'sheet',
                label: t('tab.sheet'),
                children: <Sheet state={state} {...which} productName={productName} />,
              },
            ]}
          />
        </>
      )}
    </Page>
  );
}

function BatchFacts({
  state,
  productId,
  batchId,
  productName,
}: {
  state: BatchState;
  productId: string;
  batchId: string;
  productName: string;
}) {
  const t = useTexts();
  const made = t('fact.of', { made: count(state.SuccessCount), wanted: count(state.BatchCnt) });
  return (
    <Facts
      facts={[
        { label: t('fact.state'), value: <BatchStatus batch={state} /> },
        {
          label: t('fact.progress'),
          value:
            state.Status < DONE ? (
              <Progress percent={shareOf(state)} format={() => made} aria-label={t('status.progress')} />
            ) : (
              made
            ),
        },
        { label: t('batch'), value: <Id value={batchId} /> },
        {
          label: t('product'),
          value: (
            <PageLink to={`/products/${productId}`}>
              <bdi>{productName}</bdi>
            </PageLink>
          ),
        },
        { label: t('burn.label'), value: state.BurnMethod === 0 ? t('burn.each') : t('burn.product') },
        {
          label: t('fact.naming'),
          value: state.GenerationMethod === 0 ? t('naming.madeUp') : t('naming.file'),
        },
        { label: t('fact.created'), value: exact(state.CreateTime * 1000) },
      ]}
    />
  );
}
