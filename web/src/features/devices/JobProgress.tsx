// How far a job is, and what came of it: counts, failures with their reasons, the file to download.
import { useEffect } from 'react';

import { call, useChange, useOperation, useRefresh, type Answer, type OperationName } from '../../api';
import {
  Button,
  count,
  FailureNote,
  here,
  icons,
  notice,
  Popover,
  Progress,
  saveFrom,
  Status,
} from '../../kit';
import { useTexts } from './texts';

type Job = Answer<'DescribeJob'>['Job'];

const EVERY_MS = 700;
const runs = (job: Job | undefined) => job === undefined || job.State === 'running';

export function JobProgress({ id, stale }: { id: string; stale: readonly OperationName[] }) {
  const t = useTexts();
  const refresh = useRefresh();
  const { data, error } = useOperation(
    'DescribeJob',
    { JobId: id },
    { every: (answer) => (runs(answer?.Job) ? EVERY_MS : false) },
  );
  const cancel = useChange('CancelJob', ['DescribeJob']);
  const ended = data !== undefined && !runs(data.Job);
  const names = stale.join();
  useEffect(() => {
    if (ended) void refresh(...(names.split(',') as OperationName[]));
    // Once, when it has ended.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [ended, names]);
  if (!data) return <FailureNote error={error} />;
  const { Job: job, Failures } = data;
  const kind = job.Kind as 'ImportDevices';
  return (
    <div className="devices-job" role="status">
      <span>{t(`job.${kind}`)}</span>
      {runs(job) ? (
        <>
          <Progress
            size="small"
            aria-label={t(`job.${kind}`)}
            percent={job.Total > 0 ? Math.floor((job.Done / job.Total) * 100) : 0}
            style={{ width: 140 }}
          />
          <span className="kit-faint">
            {count(job.Done)} / {count(job.Total)}
          </span>
          <Button size="small" type="text" onClick={() => cancel.mutate({ JobId: id })}>
            {t('cancel')}
          </Button>
        </>
      ) : (
        <JobEnd job={job} failures={Failures} />
      )}
    </div>
  );
}

function JobEnd({ job, failures }: { job: Job; failures: Answer<'DescribeJob'>['Failures'] }) {
  const t = useTexts();
  const good = job.State === 'done' && job.Failed === 0;
  const download = async () => {
    try {
      const { Url } = await call('CreateJobResultUrl', { JobId: job.JobId });
      saveFrom(here(Url), String(job.Result.FileName ?? 'devices.csv'));
    } catch (error) {
      notice.failed(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <>
      <Status tone={good ? 'good' : job.State === 'done' ? 'warn' : 'bad'}>
        {job.State === 'done'
          ? t('job.done', { done: count(job.Done - job.Failed) })
          : job.State === 'cancelled'
            ? t('job.cancelled')
            : job.Message || job.State}
      </Status>
      {job.Failed > 0 && (
        <Popover
          trigger="click"
          content={
            <ul className="devices-failures">
              {failures.map((failure) => (
                <li key={failure.Item}>
                  <bdi className="kit-code">{failure.Item}</bdi> {failure.Message}
                </li>
              ))}
            </ul>
          }
        >
          <Button size="small" type="link">
            {t('job.failed', { count: job.Failed })}
          </Button>
        </Popover>
      )}
      {job.Result.ResultId !== undefined && (
        <Button size="small" icon={<icons.DownloadOutlined />} onClick={() => void download()}>
          {t('job.download')}
        </Button>
      )}
    </>
  );
}
