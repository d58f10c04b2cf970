// What became of each device of a batch, in the order of the file.
import { useOperation, type Answer } from '../../api';
import { Empty, Id, PageLink, ResourceTable, Status, useAddress, type Column } from '../../kit';
import { DONE, EVERY_MS, type BatchState } from './batches';
import { reasonOf } from './reasons';
import { useTexts } from './texts';

type Outcome = Answer<'DescribeBatchProductionDevices'>['Devices'][number];

export function Outcomes({
  state,
  productId,
  batchId,
}: {
  state: BatchState;
  productId: string;
  batchId: string;
}) {
  const t = useTexts();
  const [{ page, size }, setAddress] = useAddress({ page: 1, size: 20 });
  const running = state.Status < DONE;
  const list = useOperation(
    'DescribeBatchProductionDevices',
    // What was made so far is part of the question: when the batch ends, it is asked once more.
    { ProductId: productId, BatchProductionId: batchId, Offset: (page - 1) * size, Limit: size },
    { keep: true, every: running ? EVERY_MS : undefined },
  );
  const columns: Column<Outcome & { place: number }>[] = [
    {
      key: 'device',
      title: t('outcome.device'),
      fixed: true,
      render: ({ DeviceName, Made }) =>
        Made ? (
          <Id value={DeviceName}>
            <PageLink to={`/devices/${productId}/${DeviceName}`}>{DeviceName}</PageLink>
          </Id>
        ) : (
          <bdi className="kit-code production-name">{DeviceName}</bdi>
        ),
    },
    {
      key: 'result',
      title: t('outcome.result'),
      render: ({ Made, Problem }) => {
        if (Made) return <Status tone="good">{t('outcome.made')}</Status>;
        if (Problem === '' && running) return <Status tone="busy">{t('outcome.waiting')}</Status>;
        return <Status tone="bad">{t('outcome.notMade')}</Status>;
      },
    },
    {
      key: 'problem',
      title: t('outcome.problem'),
      render: ({ Made, Problem }) =>
        // What a batch that ended early had not come to has no problem of its own.
        reasonOf(Problem || (Made || running ? '' : state.LastFailedReason), t),
    },
  ];
  return (
    <ResourceTable
      id="batch-devices"
      label={t('tab.devices')}
      columns={columns}
      rows={list.data?.Devices.map((device, index) => ({ ...device, place: (page - 1) * size + index }))}
      // Not the name: one that stands in the file twice is in the table twice.
      rowKey={({ place }) => String(place)}
      loading={list.isPending}
      error={list.error}
      refresh={() => void list.refetch()}
      paging={{
        total: list.data?.Total ?? 0,
        page,
        size,
        onChange: (next, nextSize) => setAddress({ page: next, size: nextSize }, true),
      }}
      empty={<Empty title={t('outcome.empty')} />}
    />
  );
}
