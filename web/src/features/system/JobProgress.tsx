// How a job stands: its state in words, its progress as a bar, and what failed.
import { count, Progress, Status, bytes, type Tone } from '../../kit';
import { isRunning, type Job } from './running';
import { useTexts } from './texts';

const tones: Record<string, Tone> = {
  running: 'busy',
  done: 'good',
  failed: 'bad',
  cancelled: 'off',
  interrupted: 'warn',
};

/** The parts of these are bytes. */
const ofBytes = new Set(['CreateBackup', 'VerifyBackup']);

/** What a job does, as a sentence would begin; with what it does it to. */
export function useJobTitle(): (job: Job) => string {
  const t = useTexts();
  const kinds: Record<string, string> = {
    CreateBackup: t('jobs.kinds.CreateBackup'),
    VerifyBackup: t('jobs.kinds.VerifyBackup'),
    ImportDevices: t('jobs.kinds.ImportDevices'),
    ExportDevices: t('jobs.kinds.ExportDevices'),
    EnableDevices: t('jobs.kinds.EnableDevices'),
    DisableDevices: t('jobs.kinds.DisableDevices'),
    TagDevices: t('jobs.kinds.TagDevices'),
    DeleteDevices: t('jobs.kinds.DeleteDevices'),
  };
  return (job) => {
    const { ProductName, Name, ProductId } = job.Title;
    const object = [ProductName, Name, ProductId].find((text) => typeof text === 'string' && text !== '');
    const kind = kinds[job.Kind] ?? job.Kind;
    return typeof object === 'string' ? `${kind} · ${object}` : kind;
  };
}

/** The state of a job in words. */
export function useJobState(): (job: Job) => string {
  const t = useTexts();
  const states: Record<string, string> = {
    running: t('jobs.states.running'),
    done: t('jobs.states.done'),
    failed: t('jobs.states.failed'),
    cancelled: t('jobs.states.cancelled'),
    interrupted: t('jobs.states.interrupted'),
  };
  return (job) => states[job.State] ?? job.State;
}

export function JobState({ job }: { job: Job }) {
  const word = useJobState();
  return <Status tone={tones[job.State] ?? 'plain'}>{word(job)}</Status>;
}

export function JobProgress({ job }: { job: Job }) {
  const t = useTexts();
  const shown = ofBytes.has(job.Kind) ? bytes : count;
  const share = job.Total > 0 ? Math.min(1, job.Done / job.Total) : isRunning(job) ? 0 : 1;
  return (
    <div>
      {(isRunning(job) || job.Total > 0) && (
        <Progress
          percent={Math.floor(share * 100)}
          size="small"
          status={isRunning(job) ? 'active' : 'normal'}
          aria-label={t('jobs.progress')}
        />
      )}
      <span className="kit-faint">
        {job.Total > 0 && `${shown(job.Done)} / ${shown(job.Total)}`}
        {job.Failed > 0 && ` · ${t('jobs.failed', { count: job.Failed })}`}
      </span>
      {job.Message && <div>{job.Message}</div>}
      {job.State === 'interrupted' && <div className="kit-faint">{t('jobs.interruptedText')}</div>}
    </div>
  );
}
