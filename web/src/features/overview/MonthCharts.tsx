// The last thirty days in three charts; more of it is in the operation analysis.
import { useOperation } from '../../api';
import { Chart, PageLink } from '../../kit';
import { rangeOf } from '../analysis/range';
import { useTexts } from './texts';

const DAYS = 30;

export function MonthCharts({ project, today }: { project: string; today: string }) {
  const t = useTexts();
  const range = rangeOf({ days: DAYS, from: '', to: '' }, today);
  const span = { StartDate: range.first, EndDate: range.last, ProjectId: project || undefined };
  const days = useOperation('DescribeDeviceDataStats', span, { keep: true });
  const online = useOperation('DescribeOnlineStats', span, { keep: true });
  const data = days.data?.Data ?? [];
  const peaks = online.data?.Data ?? [];
  const none = <span>{t('chart.none')}</span>;
  const common = { placeTitle: t('chart.day'), height: 180, empty: none };
  const places = data.map((day) => day.Date);
  return (
    <>
      <div className="overview-charts">
        <Chart
          {...common}
          kind="bar"
          title={t('chart.activated')}
          places={places}
          series={[{ name: t('chart.devices'), values: data.map((day) => day.NewActivateCnt) }]}
          file="activated"
        />
        <Chart
          {...common}
          kind="line"
          title={t('chart.active')}
          places={places}
          series={[{ name: t('chart.devices'), values: data.map((day) => day.ActiveCnt) }]}
          file="active"
        />
        <Chart
          {...common}
          kind="line"
          title={t('chart.online')}
          about={t('chart.onlineAbout')}
          places={peaks.map((day) => day.Date)}
          series={[{ name: t('chart.devices'), values: peaks.map((day) => day.OnlinePeak) }]}
          file="online"
        />
      </div>
      <div>
        <PageLink to="/analysis">{t('chart.more')}</PageLink>
      </div>
    </>
  );
}
