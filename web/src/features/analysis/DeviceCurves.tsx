// Totals of devices, and how many were activated, active and online, day by day.
import type { ReactNode } from 'react';

import { useOperation } from '../../api';
import { Chart, count, FailureNote, NumberCard, percent } from '../../kit';
import type { Asked } from './AnalysisPage';
import { useTexts } from './texts';

export function DeviceCurves({ asked, filters }: { asked: Asked; filters: ReactNode }) {
  const t = useTexts();
  const { ProjectId, ProductId, range } = asked;
  const span = { StartDate: range.first, EndDate: range.last, ProjectId, ProductId };
  const days = useOperation('DescribeDeviceDataStats', span, { keep: true });
  const online = useOperation('DescribeOnlineStats', span, { keep: true });
  const data = days.data?.Data ?? [];
  const places = data.map((day) => day.Date);
  const none = <span>{t('chart.none')}</span>;
  return (
    <div className="analysis-part">
      {filters}
      <Totals ProjectId={ProjectId} ProductId={ProductId} />
      <FailureNote error={days.error ?? online.error} retry={() => void days.refetch()} />
      <div className="analysis-charts">
        <Chart
          kind="bar"
          title={t('chart.activated')}
          about={t('chart.activatedAbout')}
          placeTitle={t('day')}
          places={places}
          series={[
            { name: t('chart.first'), values: data.map((day) => day.NewActivateCnt) },
            { name: t('chart.registered'), values: data.map((day) => day.NewRegisterCnt) },
          ]}
          file={`activated-${range.first}-${range.last}`}
          empty={none}
        />
        <Chart
          kind="line"
          title={t('chart.active')}
          about={t('chart.activeAbout')}
          placeTitle={t('day')}
          places={places}
          series={[{ name: t('chart.devices'), values: data.map((day) => day.ActiveCnt) }]}
          file={`active-${range.first}-${range.last}`}
          empty={none}
        />
        <Chart
          kind="line"
          title={t('chart.online')}
          about={t('chart.onlineAbout')}
          placeTitle={t('day')}
          places={online.data?.Data.map((day) => day.Date) ?? []}
          series={[{ name: t('chart.peak'), values: online.data?.Data.map((day) => day.OnlinePeak) ?? [] }]}
          file={`online-${range.first}-${range.last}`}
          empty={none}
        />
      </div>
    </div>
  );
}

const TOTALS_EVERY_MS = 30_000;

function Totals({ ProjectId, ProductId }: Omit<Asked, 'range'>) {
  const t = useTexts();
  const { data, error } = useOperation(
    'DescribeOverview',
    { ProjectId, ProductId },
    { keep: true, every: TOTALS_EVERY_MS },
  );
  const devices = data?.Devices;
  const change = (now = 0, before = 0) => {
    if (now === before) return t('total.same');
    if (before === 0) return undefined;
    const share = percent(Math.abs(now - before) / before);
    return now > before ? t('total.more', { share }) : t('total.less', { share });
  };
  const shown = (value: number | undefined) => (value === undefined ? undefined : count(value));
  return (
    <>
      <FailureNote error={error} />
      <div className="kit-number-cards">
        <NumberCard title={t('total.activated')} value={shown(devices?.Activated)} />
        <NumberCard title={t('total.online')} value={shown(devices?.Online)} />
        <NumberCard title={t('total.activatedYesterday')} value={shown(devices?.ActivatedYesterday)} />
        <NumberCard title={t('total.activeYesterday')} value={shown(devices?.ActiveYesterday)} />
        <NumberCard
          title={t('total.activatedWeek')}
          value={shown(devices?.ActivatedWeek)}
          note={change(devices?.ActivatedWeek, devices?.ActivatedWeekBefore)}
        />
        <NumberCard
          title={t('total.activeWeek')}
          value={shown(devices?.ActiveWeek)}
          note={change(devices?.ActiveWeek, devices?.ActiveWeekBefore)}
        />
        <NumberCard title={t('total.activatedWeekBefore')} value={shown(devices?.ActivatedWeekBefore)} />
        <NumberCard title={t('total.activeWeekBefore')} value={shown(devices?.ActiveWeekBefore)} />
      </div>
    </>
  );
}
