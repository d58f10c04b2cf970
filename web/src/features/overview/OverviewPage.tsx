// How much goes on now, what should be looked at, and how the last month went. Each number leads to what it counts.
import { useOperation, type Answer } from '../../api';
import {
  bytes,
  Card,
  Chart,
  clockTime,
  count,
  Empty,
  FailureNote,
  NumberCard,
  Page,
  PageLink,
  percent,
  perSecond,
  Skeleton,
  Status,
} from '../../kit';
import { useProjectId } from '../projects/current';
import { useAttention } from './attention';
import { AttentionList } from './AttentionList';
import { MonthCharts } from './MonthCharts';
import './overview.css';
import { useTexts } from './texts';
import { useRates, type Second } from './useRates';

const EVERY_MS = 10_000;
const SHOWN = 5;

type Numbers = Answer<'DescribeOverview'>;

export default function OverviewPage() {
  const t = useTexts();
  const project = useProjectId();
  const { data, error, refetch } = useOperation(
    'DescribeOverview',
    { ProjectId: project || undefined },
    { every: EVERY_MS, keep: true },
  );
  const seconds = useRates(project);
  const latest = seconds.at(-1);
  return (
    <Page
      title={t('title')}
      about={
        <>
          {project ? t('project') : t('all')}{' '}
          <Status tone={latest ? 'good' : 'off'}>{latest ? t('live.on') : t('live.off')}</Status>
        </>
      }
    >
      <FailureNote error={error} retry={() => void refetch()} />
      {!data && !error && <Skeleton active />}
      {data && <NumberCards numbers={data} latest={latest} />}
      {data?.Products === 0 && (
        <Card size="small">
          <Empty title={t('start.title')} action={<PageLink to="/products">{t('start.action')}</PageLink>}>
            {t('start.text')}
          </Empty>
        </Card>
      )}
      {data?.Attention && <AttentionPart />}
      {seconds.length > 1 && <RateChart seconds={seconds} />}
      {data && <MonthCharts project={project} today={data.Today} />}
    </Page>
  );
}

function NumberCards({ numbers, latest }: { numbers: Numbers; latest?: Second }) {
  const t = useTexts();
  const { Devices, Messages, Commands, Host } = numbers;
  const failed = latest?.failed ?? Messages.FailedPerSecond;
  const ended = ({ Done, Failed, Expired }: Numbers['Commands']['LastHour']) => {
    const all = Done + Failed + Expired;
    return {
      value: all > 0 ? percent(Done / all) : '–',
      note:
        all > 0 ? t('number.commandsOf', { done: count(Done), all: count(all) }) : t('number.commandsNone'),
      tone: all > 0 && Done < all ? ('warn' as const) : undefined,
    };
  };
  return (
    <div className="kit-number-cards">
      <NumberCard
        title={t('number.online')}
        value={count(latest?.online ?? Devices.Online)}
        note={t('number.onlineOf', { total: count(latest?.devices ?? Devices.Total) })}
        to="/devices?state=online"
      />
      <NumberCard
        title={t('number.activated')}
        value={count(Devices.Activated)}
        note={t('number.activatedNote', { number: count(Devices.ActivatedYesterday) })}
        to="/analysis"
      />
      <NumberCard title={t('number.products')} value={count(numbers.Products)} to="/products" />
      <NumberCard
        title={t('number.up')}
        value={perSecond(latest?.up ?? Messages.UpPerSecond)}
        note={failed > 0 ? t('number.failed', { rate: perSecond(failed) }) : t('number.failedNone')}
        tone={failed > 0 ? 'warn' : undefined}
        to="/analysis?tab=messages"
      />
      <NumberCard
        title={t('number.down')}
        value={perSecond(latest?.down ?? Messages.DownPerSecond)}
        to="/analysis?tab=messages"
      />
      <NumberCard title={t('number.commands')} {...ended(Commands.LastHour)} to="/logs" />
      <NumberCard title={t('number.commandsDay')} {...ended(Commands.LastDay)} to="/logs" />
      {Host && (
        <>
          <NumberCard
            title={t('number.disk')}
            value={bytes(Host.DiskFreeBytes)}
            note={
              Host.Accepting
                ? t('number.diskNote', { journal: bytes(Host.JournalBytes) })
                : t('number.refusing')
            }
            tone={Host.Accepting ? undefined : 'bad'}
            to="/system/storage"
          />
          <NumberCard
            title={t('number.memory')}
            value={bytes(Host.MemoryBytes)}
            note={t('number.memoryNote', { number: count(Host.Connections) })}
            to="/system/counters"
          />
        </>
      )}
    </div>
  );
}

function AttentionPart() {
  const t = useTexts();
  const { data } = useAttention();
  const items = (data?.Items ?? []).filter((item) => !item.Ignored);
  if (!data) return null;
  return (
    <Card
      size="small"
      title={t('attention.title')}
      extra={<PageLink to="/attention">{t('attention.showAll', { number: items.length })}</PageLink>}
    >
      {items.length === 0 ? (
        <Status tone="good">{t('attention.noneTitle')}</Status>
      ) : (
        <AttentionList items={items.slice(0, SHOWN)} />
      )}
    </Card>
  );
}

function RateChart({ seconds }: { seconds: Second[] }) {
  const t = useTexts();
  return (
    <Chart
      kind="line"
      axis="time"
      title={t('chart.rates')}
      about={t('chart.ratesAbout')}
      placeTitle={t('chart.moment')}
      place={(place) => clockTime(Number(place)).slice(0, 8)}
      format={perSecond}
      places={seconds.map((second) => second.time)}
      series={[
        { name: t('chart.up'), values: seconds.map((second) => second.up) },
        { name: t('chart.down'), values: seconds.map((second) => second.down) },
      ]}
      height={180}
      file="messages-per-second"
    />
  );
}
