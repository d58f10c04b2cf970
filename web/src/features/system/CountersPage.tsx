// What the server counts, what it refused lately, and its warnings.
import { useOperation, type Answer } from '../../api';
import {
  Checkbox,
  decimal,
  Empty,
  exact,
  Input,
  ResourceTable,
  Space,
  Status,
  Tabs,
  Time,
  useAddress,
  type Column,
} from '../../kit';
import { SystemPage } from './SystemPage';
import { useTexts } from './texts';
import './system.css';

type Counter = Answer<'DescribeCounters'>['Counters'][number];
type Refusal = Answer<'DescribeRefusals'>['Refusals'][number];
type Warning = Answer<'DescribeWarnings'>['Warnings'][number];

export default function CountersPage() {
  const t = useTexts();
  const [{ tab }, setAddress] = useAddress({ tab: 'counters' });
  const counters = useOperation('DescribeCounters', {}, { every: 5_000 });
  const since = counters.data ? exact(counters.data.StartedAt) : '';
  return (
    <SystemPage part="counters" about={since && t('counters.about', { since })}>
      <Tabs
        size="small"
        activeKey={tab}
        onChange={(chosen) => setAddress({ tab: chosen }, true)}
        destroyOnHidden
        items={[
          { key: 'counters', label: t('counters.counters'), children: <CounterTable answer={counters} /> },
          { key: 'refusals', label: t('counters.refusals'), children: <RefusalTable /> },
          { key: 'warnings', label: t('counters.warnings'), children: <WarningTable /> },
        ]}
      />
    </SystemPage>
  );
}

function CounterTable({ answer }: { answer: ReturnType<typeof useOperation<'DescribeCounters'>> }) {
  const t = useTexts();
  const [{ find, zero }, setAddress] = useAddress({ find: '', zero: false });
  const sought = find.toLowerCase();
  const rows = answer.data?.Counters.filter(
    (counter) =>
      (zero || counter.Value !== 0) &&
      [counter.Name, counter.Label, counter.About].some((text) => text.toLowerCase().includes(sought)),
  );
  const columns: Column<Counter>[] = [
    {
      key: 'name',
      title: t('counters.name'),
      fixed: true,
      render: (counter) => <span className="kit-code">{counter.Name}</span>,
    },
    {
      key: 'label',
      title: t('counters.label'),
      render: (counter) => <span className="kit-code">{counter.Label}</span>,
    },
    {
      key: 'value',
      title: t('counters.value'),
      align: 'right',
      fixed: true,
      render: (counter) => decimal(counter.Value, 2),
    },
    {
      key: 'meaning',
      title: t('counters.meaning'),
      render: (counter) => <div className="system-meaning">{counter.About}</div>,
    },
  ];
  return (
    <>
      <p className="kit-faint">{t('counters.prometheus', { address: `${location.origin}/metrics` })}</p>
      <ResourceTable
        id="counters"
        label={t('counters.counters')}
        columns={columns}
        rows={rows}
        rowKey={(counter) => `${counter.Name} ${counter.Label}`}
        loading={answer.isPending}
        error={answer.error}
        filters={
          <Space wrap>
            <Input.Search
              allowClear
              placeholder={t('counters.find')}
              aria-label={t('counters.find')}
              defaultValue={find}
              onChange={(event) => setAddress({ find: event.target.value })}
              style={{ maxWidth: 260 }}
            />
            <Checkbox checked={zero} onChange={(event) => setAddress({ zero: event.target.checked })}>
              {t('counters.zero')}
            </Checkbox>
          </Space>
        }
        empty={<Empty title={t('counters.noCounters')} />}
      />
    </>
  );
}

function RefusalTable() {
  const t = useTexts();
  const [{ who, page, size }, setAddress] = useAddress({ who: '', page: 1, size: 20 });
  const answer = useOperation(
    'DescribeRefusals',
    { Keyword: who || undefined, Offset: (page - 1) * size, Limit: size },
    { keep: true },
  );
  const columns: Column<Refusal>[] = [
    { key: 'time', title: t('counters.time'), fixed: true, render: (row) => <Time at={row.Time} /> },
    {
      key: 'reason',
      title: t('counters.reason'),
      fixed: true,
      render: (row) => <span className="kit-code">{row.Reason}</span>,
    },
    { key: 'identity', title: t('counters.identity'), render: (row) => <bdi>{row.Identity}</bdi> },
    { key: 'address', title: t('counters.address'), render: (row) => row.Address },
    {
      key: 'detail',
      title: t('counters.detail'),
      render: (row) => (
        <div className="system-meaning">
          <bdi>{row.Detail}</bdi>
        </div>
      ),
    },
  ];
  return (
    <ResourceTable
      id="refusals"
      label={t('counters.refusals')}
      columns={columns}
      rows={answer.data?.Refusals}
      rowKey={(row) => `${row.Time} ${row.Reason} ${row.Identity} ${row.Address}`}
      loading={answer.isPending}
      error={answer.error}
      refresh={() => void answer.refetch()}
      filters={
        <Input.Search
          allowClear
          placeholder={t('counters.find')}
          aria-label={t('counters.find')}
          defaultValue={who}
          onSearch={(value) => setAddress({ who: value, page: 1 })}
          style={{ maxWidth: 260 }}
        />
      }
      paging={{
        total: answer.data?.Total ?? 0,
        page,
        size,
        onChange: (next, nextSize) => setAddress({ page: next, size: nextSize }, true),
      }}
      empty={<Empty title={t('counters.noRefusals')}>{t('counters.noRefusalsText')}</Empty>}
    />
  );
}

function WarningTable() {
  const t = useTexts();
  const [{ page, size }, setAddress] = useAddress({ page: 1, size: 20 });
  const answer = useOperation('DescribeWarnings', { Offset: (page - 1) * size, Limit: size }, { keep: true });
  const columns: Column<Warning>[] = [
    { key: 'time', title: t('counters.time'), fixed: true, render: (row) => <Time at={row.Time} /> },
    {
      key: 'level',
      title: t('counters.level'),
      render: (row) => <Status tone={row.Level === 'ERROR' ? 'bad' : 'warn'}>{row.Level}</Status>,
    },
    {
      key: 'part',
      title: t('counters.part'),
      render: (row) => <span className="kit-code">{row.Part}</span>,
    },
    {
      key: 'text',
      title: t('counters.text'),
      fixed: true,
      render: (row) => (
        <div className="system-meaning">
          <bdi>{row.Text}</bdi>
        </div>
      ),
    },
  ];
  return (
    <ResourceTable
      id="warnings"
      label={t('counters.warnings')}
      columns={columns}
      rows={answer.data?.Warnings}
      rowKey={(row) => `${row.Time} ${row.Part} ${row.Text}`}
      loading={answer.isPending}
      error={answer.error}
      refresh={() => void answer.refetch()}
      paging={{
        total: answer.data?.Total ?? 0,
        page,
        size,
        onChange: (next, nextSize) => setAddress({ page: next, size: nextSize }, true),
      }}
      empty={<Empty title={t('counters.noWarnings')} />}
    />
  );
}
