// Charts of every kind, and numbers that matter.
import { Chart } from '../chart/Chart';
import { NumberCard } from '../NumberCard';
import { count, percent } from '../numbers';
import { HOSTILE, WIDE } from './samples';
import { useTexts } from './texts';

const days = Array.from({ length: 14 }, (_, index) => `2026-11-${String(index + 1).padStart(2, '0')}`);
const wave = (scale: number) => days.map((_, index) => Math.round(scale * (1.5 + Math.sin(index / 2))));

export function Charts() {
  const t = useTexts();
  const common = { placeTitle: t('when'), height: 180, file: 'sample' };
  const series = [
    { name: HOSTILE, values: wave(40) },
    { name: WIDE, values: wave(25) },
  ];
  return (
    <div className="gallery-charts">
      <Chart {...common} kind="line" title={`${t('sample')} 1`} places={days} series={series} />
      <Chart {...common} kind="bar" stacked title={`${t('sample')} 2`} places={days} series={series} />
      <Chart
        {...common}
        kind="rank"
        title={`${t('sample')} 3`}
        places={[HOSTILE, WIDE, 'a']}
        series={[{ name: t('number'), values: [90, 40, 7] }]}
      />
      <Chart
        {...common}
        kind="line"
        title={`${t('sample')} 4`}
        places={days}
        series={[{ name: t('number'), values: days.map(() => null) }]}
        empty={<span>{t('emptyTitle')}</span>}
      />
    </div>
  );
}

export function Numbers() {
  const t = useTexts();
  return (
    <div className="kit-number-cards">
      <NumberCard title={t('number')} value={count(1_234_567)} note={t('action')} to="/gallery" />
      <NumberCard title={t('tone.warn')} value={percent(0.973)} tone="warn" />
      <NumberCard title={t('tone.bad')} value={count(3)} tone="bad" note={HOSTILE} />
      <NumberCard title={WIDE} value={undefined} />
    </div>
  );
}
