import { count, Progress, Status } from '../../kit';
import { DONE, type BatchState } from './batches';
import { useTexts } from './texts';

const steps = ['created', 'devices', 'certificates', 'done'] as const;

/** How far a batch is, in a word and, while it runs, with a bar. */
export function BatchStatus({ batch }: { batch: BatchState }) {
  const t = useTexts();
  const missing = batch.BatchCnt - batch.SuccessCount;
  if (batch.Status >= DONE) {
    return missing > 0 ? (
      <Status tone="warn">{t('status.short', { number: count(missing) })}</Status>
    ) : (
      <Status tone="good">{t('status.done')}</Status>
    );
  }
  return (
    <span className="production-status">
      <Status tone="busy">{t(`status.${steps[batch.Status] ?? 'created'}`)}</Status>
      <Progress percent={shareOf(batch)} size="small" showInfo={false} aria-label={t('status.progress')} />
    </span>
  );
}

/** How much of a batch is made, out of a hundred. */
export function shareOf({ BatchCnt, SuccessCount }: BatchState): number {
  return BatchCnt === 0 ? 0 : Math.floor((SuccessCount / BatchCnt) * 100);
}
