// Background jobs of the account, with what failed in them.
import { useChange, useOperation } from '../../api';
import {
  Empty,
  FailureNote,
  GuardedButton,
  Id,
  notice,
  Page,
  ResourceTable,
  Skeleton,
  spanText,
  Table,
  Time,
  useAddress,
  type Column,
} from '../../kit';
import { JobProgress, JobState, useJobTitle } from './JobProgress';
import { isRunning, useRunningJobs, type Job } from './running';
import { useTexts } from './texts';
import './system.css';

export default function JobsPage() {
  const t = useTexts();
  const title = useJobTitle();
  const [{ page, size }, setAddress] = useAddress({ page: 1, size: 20 });
  const some = useRunningJobs(['DescribeJobs']).length > 0;
  const list = useOperation(
    'DescribeJobs',
    { Offset: (page - 1) * size, Limit: size },
    { keep: true, every: some ? 2_000 : undefined },
  );
  const cancel = useChange('CancelJob', ['DescribeJobs']);
  const columns: Column<Job>[] = [
    {
      key: 'job',
      title: t('jobs.job'),
      fixed: true,
      render: (job) => (
        <div>
          <bdi>{title(job)}</bdi>
          <div>
            <Id value={job.JobId} />
          </div>
        </div>
      ),
    },
    { key: 'state', title: t('jobs.state'), fixed: true, render: (job) => <JobState job={job} /> },
    {
      key: 'progress',
      title: t('jobs.progress'),
      width: 240,
      render: (job) => (
        <div className="system-meaning">
          <JobProgress job={job} />
        </div>
      ),
    },
    { key: 'started', title: t('jobs.started'), render: (job) => <Time at={job.StartedAt} /> },
    {
      key: 'took',
      title: t('jobs.took'),
      render: (job) => (job.EndedAt ? spanText(job.EndedAt - job.StartedAt) : '—'),
    },
    { key: 'by', title: t('jobs.by'), extra: true, render: (job) => <Id value={String(job.ActorUin)} /> },
    {
      key: 'actions',
      title: t('jobs.actions'),
      fixed: true,
      render: (job) =>
        isRunning(job) && (
          <GuardedButton
            operation="CancelJob"
            size="small"
            onClick={() =>
              cancel.mutate({ JobId: job.JobId }, { onSuccess: () => notice.told(t('jobs.cancelled')) })
            }
          >
            {t('jobs.cancel')}
          </GuardedButton>
        ),
    },
  ];
  return (
    <Page title={t('jobs.title')} about={t('jobs.about')}>
      <FailureNote error={cancel.error} />
      <ResourceTable
        id="jobs"
        label={t('jobs.title')}
        columns={columns}
        rows={list.data?.Jobs}
        rowKey={(job) => job.JobId}
        loading={list.isPending}
        error={list.error}
        refresh={() => void list.refetch()}
        expanded={(job) => <Failures id={job.JobId} />}
        paging={{
          total: list.data?.Total ?? 0,
          page,
          size,
          onChange: (next, nextSize) => setAddress({ page: next, size: nextSize }, true),
        }}
        empty={<Empty title={t('jobs.emptyTitle')}>{t('jobs.emptyText')}</Empty>}
      />
    </Page>
  );
}

function Failures({ id }: { id: string }) {
  const t = useTexts();
  const job = useOperation('DescribeJob', { JobId: id });
  if (job.isPending) return <Skeleton active />;
  if (job.error) return <FailureNote error={job.error} />;
  const results = Object.entries(job.data.Job.Result);
  return (
    <div>
      {results.map(([name, value]) => (
        <div key={name}>
          <span className="kit-code">{name}</span> <bdi>{String(value)}</bdi>
        </div>
      ))}
      {job.data.Failures.length > 0 && (
        <Table
          size="small"
          title={() => t('jobs.details')}
          rowKey="Item"
          dataSource={job.data.Failures}
          columns={[
            { key: 'item', title: t('jobs.item'), render: (_, failure) => <bdi>{failure.Item}</bdi> },
            { key: 'why', title: t('jobs.why'), render: (_, failure) => failure.Message },
          ]}
        />
      )}
    </div>
  );
}
