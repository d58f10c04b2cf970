// Small things: states, times, numbers, ids, facts, meters.
import { CopyButton, Id } from '../Copy';
import { Facts } from '../Facts';
import { Meter } from '../Meter';
import { bytes, count, decimal, percent, perSecond } from '../numbers';
import { PageLink } from '../PageLink';
import { Secret } from '../Secret';
import { Status, type Tone } from '../Status';
import { exact, spanText, Time, useNow } from '../Time';
import { HOSTILE, WIDE } from './samples';
import { useTexts } from './texts';

const tones: Tone[] = ['good', 'bad', 'warn', 'busy', 'off', 'plain'];
const HOUR = 3_600_000;

export function Statuses() {
  const t = useTexts();
  return (
    <div className="gallery-row">
      {tones.map((tone) => (
        <Status key={tone} tone={tone}>
          {t(`tone.${tone}`)}
        </Status>
      ))}
    </div>
  );
}

export function Times() {
  const now = useNow();
  return (
    <div className="gallery-row">
      <Time at={now} />
      <Time at={now - 3 * HOUR} />
      <Time at={now - 90 * 24 * HOUR} />
      <Time at={now} clock />
      <Time at={0} />
      <span>{exact(now)}</span>
      <span>{spanText(2 * HOUR + 300_000)}</span>
      <span>{count(1_234_567)}</span>
      <span>{decimal(3.14159)}</span>
      <span>{percent(0.123)}</span>
      <span>{bytes(123_456_789)}</span>
      <span>{perSecond(3.4)}</span>
    </div>
  );
}

export function Ids() {
  const t = useTexts();
  return (
    <div className="gallery-row">
      <Id value="DEMOPROD01" />
      <Id value={HOSTILE} />
      <span>
        {t('sample')} <CopyButton value={WIDE} label={t('sample')} />
      </span>
      <Secret value="kept between us" label={t('secret')} />
      <PageLink to="/gallery">{t('title')}</PageLink>
    </div>
  );
}

export function FactLists() {
  const t = useTexts();
  return (
    <Facts
      facts={[
        { label: t('name'), value: <bdi>{HOSTILE}</bdi> },
        { label: t('number'), value: count(42) },
        { label: t('state'), value: <Status tone="good">{t('tone.good')}</Status> },
        { label: t('wide'), value: <bdi>{WIDE}</bdi>, wide: true },
      ]}
    />
  );
}

export function Meters() {
  const t = useTexts();
  return (
    <div className="gallery-grid">
      <Meter label={t('meter.some')} used={30} total={100} />
      <Meter label={t('meter.scarce')} used={95} total={100} />
      <Meter label={t('meter.full')} used={120} total={100} />
      <Meter label={t('meter.none')} used={1234} total={undefined} />
    </div>
  );
}
