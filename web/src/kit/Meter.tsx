// How much of something is used: a bar with the numbers beside it; what is nearly used up says so in words too.
import type { ReactNode } from 'react';

import { count, percent } from './numbers';
import { Status } from './Status';
import { useTexts } from './texts';

/** From here on little is left. */
const SCARCE = 0.9;

export function Meter({
  label,
  used,
  total,
  children,
}: {
  label: ReactNode;
  used: number;
  /** Undefined where nothing is limited. */
  total: number | undefined;
  /** What stands under the bar. */
  children?: ReactNode;
}) {
  const t = useTexts();
  const share = total === undefined ? 0 : total === 0 ? 1 : Math.min(1, used / total);
  const full = total !== undefined && used >= total;
  const tone = full ? 'bad' : share >= SCARCE ? 'warn' : 'good';
  return (
    <div className="kit-meter">
      <div className="kit-meter-head">
        <span>{label}</span>
        <span className="kit-meter-numbers">
          {total === undefined
            ? t('meter.unlimited', { used: count(used) })
            : t('meter.of', { used: count(used), total: count(total) })}
        </span>
      </div>
      {total !== undefined && (
        <div
          className={`kit-meter-bar kit-tone-${tone}`}
          role="meter"
          aria-label={typeof label === 'string' ? label : t('meter.label')}
          aria-valuemin={0}
          aria-valuemax={total}
          aria-valuenow={Math.min(used, total)}
          aria-valuetext={percent(share)}
        >
          <div style={{ inlineSize: `${share * 100}%` }} />
        </div>
      )}
      {total !== undefined && tone !== 'good' && (
        <Status tone={tone}>
          {full ? t('meter.full') : t('meter.scarce', { left: count(total - used) })}
        </Status>
      )}
      {children}
    </div>
  );
}
