// Every log in one viewer: whose, of which time and of what is in the address, so that a view can be sent to a colleague.
import { useCallback, useMemo, useState } from 'react';

import { useSession } from '../../api';
import {
  Empty,
  Input,
  kinds,
  LiveTail,
  Page,
  PageLink,
  ProductSelect,
  Select,
  useAddress,
  type Kind,
  type TailFilter,
  type TailHistory,
} from '../../kit';
import { useProjectId } from '../projects/current';
import { DeviceField } from './DeviceField';
import { ExportButton } from './ExportButton';
import { pageOf, type LogScope } from './history';
import { useTexts } from './texts';

const HOUR = 3_600_000;
const spans: Record<string, number> = { hour: HOUR, day: 24 * HOUR, week: 7 * 24 * HOUR };

const defaults = {
  product: '',
  device: '',
  what: '',
  find: '',
  topic: '',
  direction: '',
  grades: '',
  range: 'live',
  from: 0,
  to: 0,
};

const listOf = (text: string) => text.split(',').filter(Boolean);

export default function LogsPage() {
  const t = useTexts();
  const operator = useSession((session) => session.operator);
  return (
    <Page
      title={t('title')}
      about={t('about')}
      actions={operator && <PageLink to="/system/counters?tab=refusals">{t('refused')}</PageLink>}
    >
      <LogsOfDevices />
    </Page>
  );
}

function LogsOfDevices() {
  const t = useTexts();
  const project = useProjectId();
  const [at, setAddress] = useAddress(defaults);
  const live = at.range === 'live';
  // The end of "the last hour" stands still while one looks at it.
  const [openedAt] = useState(() => Date.now());
  const scope = useMemo<LogScope>(() => {
    const whose = { project, product: at.product, device: at.product && at.device };
    if (at.range === 'own') return { ...whose, from: at.from || undefined, to: at.to || undefined };
    const span = spans[at.range];
    return span === undefined ? whose : { ...whose, from: openedAt - span };
  }, [project, at.product, at.device, at.range, at.from, at.to, openedAt]);
  const filter = useMemo<TailFilter>(
    () => ({
      what: listOf(at.what).filter((kind): kind is Kind => (kinds as readonly string[]).includes(kind)),
      text: at.find,
      topic: at.topic,
      direction: at.direction === 'up' || at.direction === 'down' ? at.direction : '',
      grades: listOf(at.grades),
    }),
    [at.what, at.find, at.topic, at.direction, at.grades],
  );
  const history = useCallback<TailHistory>(
    (context, wanted, signal) => pageOf(scope, wanted, context, signal),
    [scope],
  );
  const subscription = useMemo(() => {
    if (!live) return undefined;
    const what = [...kinds];
    if (at.product && at.device)
      return { Kind: 'Device' as const, ProductId: at.product, DeviceName: at.device, What: what };
    if (at.product) return { Kind: 'Product' as const, ProductId: at.product, What: what };
    return { Kind: 'Project' as const, ProjectId: project || undefined, What: what };
  }, [live, at.product, at.device, project]);
  return (
    <>
      <div className="kit-tail-bar logs-scope">
        <ProductSelect<string>
          size="small"
          style={{ width: 240 }}
          allowClear
          project={project || undefined}
          placeholder={t('anyProduct')}
          aria-label={t('product')}
          value={at.product || undefined}
          onChange={(product) => setAddress({ product: product ?? '', device: '' })}
        />
        <DeviceField product={at.product} value={at.device} onChange={(device) => setAddress({ device })} />
        <Select
          size="small"
          style={{ width: 140 }}
          aria-label={t('range.label')}
          value={at.range}
          onChange={(range) => setAddress({ range })}
          options={(['live', 'hour', 'day', 'week', 'own'] as const).map((value) => ({
            value,
            label: t(`range.${value}`),
          }))}
        />
        {at.range === 'own' && (
          <>
            <Moment label={t('range.from')} at={at.from} onChange={(from) => setAddress({ from })} />
            <Moment label={t('range.to')} at={at.to} onChange={(to) => setAddress({ to })} />
          </>
        )}
      </div>
      <LiveTail
        key={JSON.stringify([scope.project, scope.product, scope.device, at.range, at.from, at.to])}
        subscription={subscription}
        history={history}
        filter={filter}
        onFilter={(change) =>
          setAddress({
            ...(change.what && { what: change.what.join(',') }),
            ...(change.text !== undefined && { find: change.text }),
            ...(change.topic !== undefined && { topic: change.topic }),
            ...(change.direction !== undefined && { direction: change.direction }),
            ...(change.grades && { grades: change.grades.join(',') }),
          })
        }
        offered={kinds}
        devices={!(at.product && at.device)}
        extra={<ExportButton scope={scope} filter={filter} />}
        height="max(300px, calc(100vh - 340px))"
        empty={
          <Empty title={t('emptyTitle')} action={<PageLink to="/devices">{t('toDevices')}</PageLink>}>
            {t('emptyText')}
          </Empty>
        }
      />
    </>
  );
}

/** A moment in the reader's own zone; 0 is none. */
function Moment({ label, at, onChange }: { label: string; at: number; onChange: (at: number) => void }) {
  const local =
    at === 0 ? '' : new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  return (
    <Input
      size="small"
      type="datetime-local"
      style={{ width: 190 }}
      aria-label={label}
      title={label}
      value={local}
      onChange={(event) => onChange(event.target.value === '' ? 0 : new Date(event.target.value).getTime())}
    />
  );
}
