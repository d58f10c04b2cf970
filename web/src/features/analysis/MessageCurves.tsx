// Messages up and down and those that failed, day by day.
import type { ReactNode } from 'react';

import { useOperation, type Answer } from '../../api';
import { Chart, count, FailureNote, NumberCard } from '../../kit';
import type { Asked } from './AnalysisPage';
import { useTexts } from './texts';

type Day = Answer<'DescribeMessageOverview'>['Data'][number];

export function MessageCurves({ asked, filters }: { asked: Asked; filters: ReactNode }) {
  const t = useTexts();
  const { ProjectId, ProductId, range } = asked;
  const span = { StartDate: range.first, EndDate: range.last, ProjectId, ProductId };
  const { data, error, refetch } = useOperation('DescribeMessageOverview', span, { keep: true });
  const days = data?.Data ?? [];
  const places = days.map((day) => day.Date);
  const sum = (of: (day: Day) => number) =>
    data ? count(days.reduce((all, day) => all + of(day), 0)) : undefined;
  const none = <span>{t('chart.none')}</span>;
  return (
    <div className="analysis-part">
      {filters}
      <FailureNote error={error} retry={() => void refetch()} />
      <div className="kit-number-cards">
        <NumberCard title={t('messages.up')} value={sum((day) => day.UpMsgCnt)} />
        <NumberCard title={t('messages.down')} value={sum((day) => day.DownMsgCnt)} />
        <NumberCard title={t('messages.upFailed')} value={sum((day) => day.UpFailedCnt)} />
        <NumberCard title={t('messages.downFailed')} value={sum((day) => day.DownFailedCnt)} />
      </div>
      <div className="analysis-charts">
        <Chart
          kind="line"
          title={t('chart.messages')}
          about={t('chart.messagesAbout')}
          placeTitle={t('day')}
          places={places}
          series={[
            { name: t('chart.up'), values: days.map((day) => day.UpMsgCnt) },
            { name: t('chart.down'), values: days.map((day) => day.DownMsgCnt) },
          ]}
          file={`messages-${range.first}-${range.last}`}
          empty={none}
        />
        <Chart
          kind="bar"
          title={t('chart.failed')}
          about={t('chart.failedAbout')}
          placeTitle={t('day')}
          places={places}
          series={[
            { name: t('chart.up'), values: days.map((day) => day.UpFailedCnt) },
            { name: t('chart.down'), values: days.map((day) => day.DownFailedCnt) },
          ]}
          file={`failed-messages-${range.first}-${range.last}`}
          empty={none}
        />
      </div>
    </div>
  );
}
