// The virtual devices that the account has, to go to one of them.
import { useOperation } from '../../api';
import { PageLink, Time } from '../../kit';
import { useTexts } from './texts';
import { VirtualState } from './VirtualPanel';

const MOST_SHOWN = 50;

export function RunningList({ product }: { product: string }) {
  const t = useTexts();
  const list = useOperation('DescribeVirtualDevices', { ProductId: product || undefined }, { every: 5_000 });
  const known = list.data?.VirtualDevices ?? [];
  if (known.length === 0) return null;
  return (
    <section aria-label={t('virtual.list')}>
      <h2 className="debugging-heading">{t('virtual.list')}</h2>
      <ul className="debugging-list">
        {known.slice(0, MOST_SHOWN).map((each) => (
          <li key={`${each.ProductId}/${each.DeviceName}`}>
            <PageLink
              to={`/debugging?product=${each.ProductId}&device=${encodeURIComponent(each.DeviceName)}&tab=virtual`}
            >
              <bdi>{each.DeviceName}</bdi>
            </PageLink>
            <span className="kit-code kit-faint">{each.ProductId}</span>
            <VirtualState state={each.State} />
            <span className="kit-faint">
              <Time at={each.Since} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
