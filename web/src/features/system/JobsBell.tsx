// The bell of the frame: how many jobs run, how far they are, and a word when one ends. Leaving a page does not stop a job;
// this is where one meets it again.
import { useEffect, useRef, useState } from 'react';

import { useChange, useMay } from '../../api';
import { Badge, Button, Drawer, Empty, icons, notice, PageLink, Time } from '../../kit';
import { JobProgress, JobState, useJobState, useJobTitle } from './JobProgress';
import { isRunning, useNewestJobs, type Job } from './running';
import { useTexts } from './texts';
import './system.css';

export default function JobsBell() {
  return useMay()('DescribeJobs') ? <Bell /> : null;
}

function Bell() {
  const t = useTexts();
  const [open, setOpen] = useState(false);
  const { jobs } = useNewestJobs();
  const running = jobs.filter(isRunning).length;
  useTellEnds(jobs);
  const label = running > 0 ? t('jobs.running', { count: running }) : t('jobs.none');
  return (
    <>
      <Badge count={running} size="small" offset={[-6, 6]}>
        <Button
          type="text"
          icon={<icons.BellOutlined />}
          aria-label={`${t('jobs.title')}: ${label}`}
          title={label}
          onClick={() => setOpen(true)}
        />
      </Badge>
      <Drawer
        open={open}
        onClose={() => setOpen(false)}
        title={t('jobs.title')}
        size={380}
        extra={<PageLink to="/jobs">{t('jobs.all')}</PageLink>}
      >
        {jobs.length === 0 && <Empty title={t('jobs.emptyTitle')}>{t('jobs.emptyText')}</Empty>}
        {jobs.map((job) => (
          <Entry key={job.JobId} job={job} />
        ))}
      </Drawer>
    </>
  );
}

function Entry({ job }: { job: Job }) {
  const t = useTexts();
  const title = useJobTitle();
  const cancel = useChange('CancelJob', ['DescribeJobs']);
  return (
    <article className="system-job" aria-label={title(job)}>
      <div className="system-job-head">
        <strong>
          <bdi>{title(job)}</bdi>
        </strong>
        <JobState job={job} />
      </div>
      <JobProgress job={job} />
      <div className="system-job-head">
        <Time at={job.StartedAt} />
        {isRunning(job) && (
          <Button
            size="small"
            loading={cancel.isPending}
            onClick={() =>
              cancel.mutate({ JobId: job.JobId }, { onSuccess: () => notice.told(t('jobs.cancelled')) })
            }
          >
            {t('jobs.cancel')}
          </Button>
        )}
      </div>
    </article>
  );
}

/** Tells of jobs that ran when this page looked before, and have ended. */
function useTellEnds(jobs: Job[]): void {
  const t = useTexts();
  const title = useJobTitle();
  const word = useJobState();
  const before = useRef(new Set<string>());
  useEffect(() => {
    for (const job of jobs) {
      if (isRunning(job) || !before.current.has(job.JobId)) continue;
      const told = t('jobs.ended', { title: title(job), state: word(job) });
      if (job.State === 'done' && job.Failed === 0) notice.done(told);
      else notice.failed(job.Message ? `${told}. ${job.Message}` : told);
    }
    before.current = new Set(jobs.filter(isRunning).map((job) => job.JobId));
  });
}
