// What one has to know about the draft: that it is one, that the server went on without it, that it cannot be kept.
import { Alert, Button, FailureNote, Time } from '../../../kit';
import { useTexts } from './texts';
import type { Draft } from './useDraft';

export function DraftNotes({
  draft,
  readOnly,
  error,
  onDiscard,
}: {
  draft: Draft;
  readOnly: boolean;
  error: unknown;
  onDiscard: () => void;
}) {
  const t = useTexts();
  return (
    <>
      {readOnly && <Alert type="info" showIcon title={t('readOnly')} description={t('readOnlyText')} />}
      {draft.changed && (
        <Alert
          type={draft.outdated ? 'warning' : 'info'}
          showIcon
          title={draft.outdated ? t('outdated') : t('draft')}
          description={
            <>
              {draft.outdated ? t('outdatedText') : t('draftText')}{' '}
              {draft.since !== undefined && (
                <span>
                  {t('draftSince')} <Time at={draft.since} />
                </span>
              )}
            </>
          }
          action={
            <Button size="small" onClick={onDiscard}>
              {t('discard')}
            </Button>
          }
        />
      )}
      {draft.lost && <Alert type="error" showIcon title={t('lost')} />}
      <FailureNote error={error} />
    </>
  );
}
