// What the device reported over time, in as many points as the screen has room for; the server sums up. Each property has
// a chart of its own with its average and range, as a picture, a table or a file.
import { Chart } from '../../../kit';
import { useOperation, type Answer } from '../../../api';
import {
  Button,
  decimal,
  Empty,
  FailureNote,
  icons,
  Segmented,
  Select,
  Skeleton,
  spanText,
  Checkbox,
  useAddress,
  useNow,
  exact,
  type ModelField,
} from '../../../kit';
import { useTexts } from '../texts';
import { keyOf, type DeviceView } from './device';

type Found = Answer<'DescribeDeviceDataSeries'>;

const HOUR = 3_600_000;
const RANGES = {
  hour: HOUR,
  sixHours: 6 * HOUR,
  day: 24 * HOUR,
  week: 7 * 24 * HOUR,
  month: 30 * 24 * HOUR,
} as const;
type Range = keyof typeof RANGES;
const isRange = (text: string): text is Range => text in RANGES;
/** Points of a chart; about one for four pixels of a wide screen. */
const POINTS = 240;
/** Properties that are drawn at once. */
const MOST = 10;
const SHORTEST = 60_000;
const LONGEST = 366 * 24 * HOUR;
const STEP = 15_000;

const isDrawn = ({ type, mode }: ModelField) =>
  mode !== 'w' && ['bool', 'int', 'float', 'enum'].includes(type.kind);

export default function ChartsTab({ view }: { view: DeviceView }) {
  const t = useTexts();
  const now = useNow();
  // `end` 0 is now; the span is what is chosen or zoomed to.
  const [{ property, span, end, events }, setAddress] = useAddress({
    property: '',
    span: HOUR,
    end: 0,
    events: false,
  });
  const fields = view.model?.properties.filter(isDrawn) ?? [];
  const wanted = property.split(',').filter((id) => fields.some((field) => field.id === id));
  const shown = (wanted.length > 0 ? wanted : fields.map((field) => field.id)).slice(0, MOST);
  const length = Math.min(LONGEST, Math.max(SHORTEST, span));
  const last = end || Math.ceil(now / STEP) * STEP;
  const { data, error, isPending } = useOperation(
    'DescribeDeviceDataSeries',
    {
      ...keyOf(view),
      Properties: shown,
      Events: events,
      MinTime: Math.max(0, last - length),
      MaxTime: last,
      Points: POINTS,
    },
    { enabled: shown.length > 0 || events, keep: true },
  );
  if (view.model && fields.length === 0) {
    return <Empty title={t('charts.none')}>{t('charts.noneText')}</Empty>;
  }
  const range = Object.entries(RANGES).find(([, ms]) => ms === length)?.[0] ?? '';
  const move = (share: number) => {
    const next = last + length * share;
    setAddress({ end: next >= now ? 0 : Math.round(next) });
  };
  const zoom = (factor: number) => {
    const next = Math.min(LONGEST, Math.max(SHORTEST, Math.round(length * factor)));
    // The middle stays where it is, unless that is the present.
    setAddress({ span: next, end: end === 0 ? 0 : Math.round(Math.min(now, last - length / 2 + next / 2)) });
  };
  return (
    <>
      <div className="devices-connect-choices">
        <Segmented
          aria-label={t('charts.range')}
          value={range}
          onChange={(next) => isRange(String(next)) && setAddress({ span: RANGES[next as Range] })}
          options={(Object.keys(RANGES) as Range[]).map((each) => ({
            value: each,
            label: t(`charts.${each}`),
          }))}
        />
        <Button onClick={() => move(-0.5)}>{t('charts.earlier')}</Button>
        <Button disabled={end === 0} onClick={() => move(0.5)}>
          {t('charts.later')}
        </Button>
        <Button disabled={length <= SHORTEST} onClick={() => zoom(0.5)}>
          {t('charts.zoomIn')}
        </Button>
        <Button disabled={length >= LONGEST} onClick={() => zoom(2)}>
          {t('charts.zoomOut')}
        </Button>
        <Button
          type={end === 0 ? 'primary' : 'default'}
          icon={<icons.PlayCircleOutlined />}
          onClick={() => setAddress({ end: 0 })}
        >
          {t('charts.live')}
        </Button>
        <Select
          mode="multiple"
          aria-label={t('charts.properties')}
          placeholder={t('charts.properties')}
          value={wanted}
          maxCount={MOST}
          onChange={(next: string[]) => setAddress({ property: next.join(',') })}
          options={fields.map((field) => ({ value: field.id, label: `${field.name} (${field.id})` }))}
          style={{ minWidth: 200, maxWidth: '100%' }}
        />
        <Checkbox checked={events} onChange={(event) => setAddress({ events: event.target.checked })}>
          {t('charts.events')}
        </Checkbox>
      </div>
      <FailureNote error={error} />
      {isPending && <Skeleton active />}
      {data && (
        <Drawn
          from={last - length}
          to={last}
          data={data}
          fields={fields}
          device={view.DeviceName}
          events={events}
          view={view}
        />
      )}
    </>
  );
}

function Drawn({
  from,
  to,
  data,
  fields,
  device,
  events,
  view,
}: {
  /** The ends of the range. */
  from: number;
  to: number;
  data: Found;
  fields: ModelField[];
  device: string;
  events: boolean;
  view: DeviceView;
}) {
  const t = useTexts();
  const each = t('charts.each', { width: spanText(data.Width) });
  return (
    <div className="devices-charts">
      {data.Series.map((series) => {
        const field = fields.find((candidate) => candidate.id === series.Property);
        const unit =
          field && (field.type.kind === 'int' || field.type.kind === 'float') ? field.type.unit : '';
        const write = (value: number) => (unit ? `${decimal(value)} ${unit}` : decimal(value));
        const plain = series.Points.every((point) => point.Count === 1);
        const line = (
          name: string,
          pick: (point: Found['Series'][number]['Points'][number]) => number | null | undefined,
        ) => ({
          name,
          values: series.Points.map((point) => pick(point) ?? null),
        });
        return (
          <Chart
            key={series.Property}
            kind="line"
            axis="time"
            title={field?.name ?? series.Property}
            about={series.SampledFrom ? `${each} ${t('charts.sampled')}` : each}
            placeTitle={t('charts.time')}
            places={series.Points.map((point) => point.Time)}
            place={(place) => exact(Number(place))}
            series={
              plain
                ? [line(field?.name ?? series.Property, (point) => point.Avg)]
                : [
                    line(t('charts.avg'), (point) => point.Avg),
                    line(t('charts.min'), (point) => point.Min),
                    line(t('charts.max'), (point) => point.Max),
                  ]
            }
            format={write}
            file={`${device}-${series.Property}`}
            empty={
              series.Points.length === 0 ? (
                <Empty title={t('charts.nothing')}>{t('charts.nothingText')}</Empty>
              ) : undefined
            }
          />
        );
      })}
      {events &&
        data.Events.map((event) => (
          <Chart
            key={event.EventId}
            kind="bar"
            axis="time"
            title={view.model?.events.find((known) => known.id === event.EventId)?.name ?? event.EventId}
            about={data.EventsCountedUntil ? `${each} ${t('charts.partly')}` : each}
            placeTitle={t('charts.time')}
            places={[from, ...event.Points.map((point) => point.Time), to]}
            place={(place) => exact(Number(place))}
            series={[
              { name: t('charts.count'), values: [null, ...event.Points.map((point) => point.Count), null] },
            ]}
            file={`${device}-${event.EventId}`}
          />
        ))}
    </div>
  );
}
