// Items to look at: what is the matter, what comes of it, the way to the page where it is put right, and ignoring.
import { useChange } from '../../api';
import { FailureNote, GuardedButton, PageLink, Status, Time } from '../../kit';
import { toneOf, type Item } from './attention';
import { useTexts } from './texts';

const STALE = ['DescribeAttention', 'DescribeOverview'] as const;

export function AttentionList({ items }: { items: Item[] }) {
  const t = useTexts();
  const ignore = useChange('IgnoreAttention', STALE);
  const unignore = useChange('UnignoreAttention', STALE);
  return (
    <>
      <FailureNote error={ignore.error ?? unignore.error} />
      <ul className="attention-list">
        {items.map((item) => (
          <li key={item.Id} className="attention-item">
            <Status tone={toneOf[item.Severity]}>{t(`attention.${item.Severity}`)}</Status>
            <div className="attention-text">
              <div>
                <bdi>{item.Cause}</bdi>
              </div>
              <div className="kit-faint">
                {item.Effect}
                {item.Ignored && (
                  <>
                    {' '}
                    {t('attention.ignoredSince')} <Time at={item.IgnoredAt} />
                  </>
                )}
              </div>
            </div>
            <div className="attention-actions">
              <PageLink to={item.Page}>{t('attention.fix')}</PageLink>
              {item.Ignored ? (
                <GuardedButton
                  operation="UnignoreAttention"
                  size="small"
                  onClick={() => unignore.mutate({ Id: item.Id })}
                >
                  {t('attention.unignore')}
                </GuardedButton>
              ) : (
                <GuardedButton
                  operation="IgnoreAttention"
                  size="small"
                  onClick={() => ignore.mutate({ Id: item.Id })}
                >
                  {t('attention.ignore')}
                </GuardedButton>
              )}
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}
