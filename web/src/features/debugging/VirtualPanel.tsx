// The device's part as the server plays it: start and stop, how it is doing, what it is told to say, how it behaves.
import { useState } from 'react';

import { ApiFailure, useChange, useOperation, type Answer } from '../../api';
import {
  Alert,
  Checkbox,
  checkValues,
  count,
  decimal,
  Empty,
  Facts,
  FailureNote,
  GuardedButton,
  icons,
  mayReport,
  Modal,
  ModelForm,
  notice,
  Segmented,
  Select,
  Space,
  startValues,
  Status,
  Time,
  type Tone,
  type Values,
} from '../../kit';
import { BehaviourForm } from './BehaviourForm';
import { explained } from './codes';
import { Buttons, whyNot, type PanelProps } from './OnlinePanel';
import { useTexts } from './texts';
import { parsedValues } from './values';

export type VirtualDevice = Answer<'DescribeVirtualDevice'>['VirtualDevice'];
type Said = Answer<'ReportAsVirtualDevice'>;

/** What changes a virtual device changes its description and the lists. */
const STALE = ['DescribeVirtualDevice', 'DescribeVirtualDevices'] as const;
const parts = ['report', 'event', 'behaviour'] as const;
export type VirtualPart = (typeof parts)[number];

export function VirtualPanel({
  part,
  onPart,
  ...panel
}: PanelProps & { part: string; onPart: (part: VirtualPart) => void }) {
  const t = useTexts();
  const { product, device } = panel;
  const read = useOperation(
    'DescribeVirtualDevice',
    { ProductId: product, DeviceName: device },
    { every: 2_000 },
  );
  const never =
    read.error instanceof ApiFailure && read.error.code === 'ResourceNotFound.VirtualDeviceNotExist';
  const known = never ? undefined : read.data?.VirtualDevice;
  const shown = parts.find((each) => each === part) ?? 'report';
  if (!known) {
    if (read.error && !never) return <FailureNote error={read.error} />;
    if (read.isPending) return null;
    return (
      <Empty title={t('virtual.emptyTitle')} action={<StartButton product={product} device={device} />}>
        {t('virtual.emptyText')}
      </Empty>
    );
  }
  return (
    <div className="debugging-panel">
      <State known={known} />
      <Segmented
        aria-label={t('virtual.parts')}
        value={shown}
        onChange={(chosen) => onPart(parts.find((each) => each === chosen) ?? 'report')}
        options={parts.map((each) => ({ value: each, label: t(`virtual.${each}`) }))}
      />
      {shown === 'report' && <SayReport {...panel} known={known} />}
      {shown === 'event' && <SayEvent {...panel} known={known} />}
      {shown === 'behaviour' && (
        <BehaviourForm key={known.UpdatedAt} product={product} device={device} behaviour={known.Behaviour} />
      )}
    </div>
  );
}

const tones: Record<string, Tone> = {
  Online: 'good',
  Connecting: 'busy',
  Waiting: 'warn',
  Displaced: 'warn',
  Stopped: 'off',
};

/** The state's word. */
export function VirtualState({ state }: { state: string }) {
  const t = useTexts();
  const word = (['Online', 'Connecting', 'Waiting', 'Displaced', 'Stopped'] as const).find(
    (each) => each === state,
  );
  return <Status tone={tones[state] ?? 'plain'}>{word ? t(`state.${word}`) : state}</Status>;
}

function State({ known }: { known: VirtualDevice }) {
  const t = useTexts();
  const stop = useChange('StopVirtualDevice', STALE);
  const { Counts: counts, LastError: trouble } = known;
  const of = { ProductId: known.ProductId, DeviceName: known.DeviceName };
  return (
    <div className="debugging-state">
      <div className="debugging-bar">
        <VirtualState state={known.State} />
        <span className="kit-faint">
          <Time at={known.Since} />
        </span>
        <Space wrap>
          {known.Running ? (
            <GuardedButton
              operation="StopVirtualDevice"
              icon={<icons.StopOutlined />}
              loading={stop.isPending}
              onClick={() => stop.mutate(of)}
            >
              {t('virtual.stop')}
            </GuardedButton>
          ) : (
            <StartButton product={known.ProductId} device={known.DeviceName} />
          )}
        </Space>
      </div>
      {known.State === 'Displaced' && <Alert type="info" showIcon title={t('virtual.displaced')} />}
      {trouble && known.State !== 'Displaced' && known.State !== 'Online' && (
        <Alert
          type="warning"
          showIcon
          title={troubleIn(t, trouble.Kind)}
          description={
            <>
              <Time at={trouble.Time} /> {trouble.Detail}
            </>
          }
        />
      )}
      {counts && (
        <Facts
          facts={[
            { label: t('virtual.said'), value: t('virtual.saidText', said(counts)) },
            { label: t('virtual.heard'), value: t('virtual.heardText', heard(counts)) },
            {
              label: t('virtual.answers'),
              value:
                counts.Answers.length === 0 ? (
                  '–'
                ) : (
                  <Space wrap size="small">
                    {counts.Answers.map(({ Code, Count }) => (
                      <span key={Code} title={explained(Code)}>
                        <Status tone={Code === 0 ? 'good' : 'bad'}>{Code}</Status> × {count(Count)}
                      </span>
                    ))}
                  </Space>
                ),
            },
          ]}
        />
      )}
      <FailureNote error={stop.error} />
    </div>
  );
}

type Counts = NonNullable<VirtualDevice['Counts']>;
const said = (counts: Counts) => ({ reports: count(counts.Reports), events: count(counts.Events) });
const heard = (counts: Counts) => ({ controls: count(counts.Controls), actions: count(counts.Actions) });

function troubleIn(t: ReturnType<typeof useTexts>, kind: string): string {
  const known = (['NotOpened', 'Refused', 'Broken', 'NoModel', 'NoKey'] as const).find(
    (each) => each === kind,
  );
  return known ? t(`trouble.${known}`) : kind;
}

/** Starts a device's part; asks before it takes the place of the real device. */
export function StartButton({
  product,
  device,
  onStarted,
}: {
  product: string;
  /** Without one the product's own virtual device. */
  device?: string;
  onStarted?: (device: string) => void;
}) {
  const t = useTexts();
  const [force, setForce] = useState(false);
  const start = useChange('StartVirtualDevice', [...STALE, 'GetDeviceList']);
  const occupied = start.error?.code === 'FailedOperation.DeviceIsConnected';
  const run = async (forced: boolean) => {
    const answer = await start.mutateAsync({ ProductId: product, DeviceName: device, Force: forced });
    notice.done(t('virtual.started'));
    onStarted?.(answer.VirtualDevice.DeviceName);
  };
  const close = () => {
    setForce(false);
    start.reset();
  };
  return (
    <>
      <GuardedButton
        operation="StartVirtualDevice"
        type="primary"
        icon={<icons.PlayCircleOutlined />}
        loading={start.isPending}
        onClick={() => void run(false).catch(() => undefined)}
      >
        {device === undefined ? t('virtual.startOwn') : t('virtual.start')}
      </GuardedButton>
      {!occupied && <FailureNote error={start.error} />}
      <Modal
        open={occupied}
        title={t('virtual.occupied')}
        okText={t('virtual.start')}
        okButtonProps={{ disabled: !force, danger: true }}
        onOk={() => void run(true).then(close, () => undefined)}
        onCancel={close}
      >
        <p>{t('virtual.occupiedText')}</p>
        <Checkbox checked={force} onChange={(event) => setForce(event.target.checked)}>
          {t('virtual.force')}
        </Checkbox>
      </Modal>
    </>
  );
}

type SayProps = PanelProps & { known: VirtualDevice };

/** Why it cannot say anything now. */
function mute(t: ReturnType<typeof useTexts>, known: VirtualDevice): string | undefined {
  return known.State === 'Online' ? undefined : t('virtual.notOnline');
}

function SayReport({ product, device, model, known }: SayProps) {
  const t = useTexts();
  const [values, setValues] = useState<Values>({});
  const report = useChange('ReportAsVirtualDevice', ['DescribeVirtualDevice', 'DescribeDeviceData']);
  const readOnly = (field: { mode: string }) => field.mode === 'w';
  const findings = checkValues(model.properties, values, { readOnly });
  return (
    <>
      <p className="kit-faint">{t('virtual.reportAbout')}</p>
      <ModelForm
        label={t('virtual.report')}
        fields={model.properties}
        value={values}
        onChange={setValues}
        present={parsedValues(known.Values)}
        readOnly={readOnly}
        lenient
      />
      <Buttons>
        <GuardedButton
          operation="ReportAsVirtualDevice"
          type="primary"
          loading={report.isPending}
          because={mute(t, known) ?? whyNot(t, values, 0, model.properties.some(mayReport))}
          onClick={() =>
            report.mutate({ ProductId: product, DeviceName: device, Data: JSON.stringify(values) })
          }
        >
          {findings.length > 0 ? t('virtual.sendAnyway') : t('virtual.sendReport')}
        </GuardedButton>
      </Buttons>
      <SaidNote said={report.data} />
      <FailureNote error={report.error} />
    </>
  );
}

function SayEvent({ product, device, model, known }: SayProps) {
  const t = useTexts();
  const [chosen, setChosen] = useState(model.events[0]?.id ?? '');
  const [params, setParams] = useState<Record<string, Values>>({});
  const post = useChange('PostEventAsVirtualDevice', ['DescribeVirtualDevice']);
  const event = model.events.find(({ id }) => id === chosen);
  if (!event) return <Empty title={t('virtual.noEvents')}>{t('virtual.noEventsText')}</Empty>;
  const values = params[event.id] ?? startValues(event.params);
  const findings = checkValues(event.params, values, { whole: true });
  return (
    <>
      <Select
        aria-label={t('virtual.event')}
        value={event.id}
        onChange={(id) => {
          setChosen(id);
          post.reset();
        }}
        options={model.events.map(({ id, name }) => ({ value: id, label: `${name} (${id})` }))}
      />
      <ModelForm
        key={event.id}
        label={t('virtual.event')}
        fields={event.params}
        value={values}
        onChange={(value) => setParams({ ...params, [event.id]: value })}
        whole
        lenient
      />
      <Buttons>
        <GuardedButton
          operation="PostEventAsVirtualDevice"
          type="primary"
          loading={post.isPending}
          because={mute(t, known)}
          onClick={() =>
            post.mutate({
              ProductId: product,
              DeviceName: device,
              EventId: event.id,
              Params: JSON.stringify(values),
            })
          }
        >
          {findings.length > 0 ? t('virtual.sendAnyway') : t('virtual.sendEvent')}
        </GuardedButton>
      </Buttons>
      <SaidNote said={post.data} />
      <FailureNote error={post.error} />
    </>
  );
}

/** What the platform answered to the virtual device. */
function SaidNote({ said: it }: { said: Said | undefined }) {
  const t = useTexts();
  if (!it) return null;
  if (!it.Answered) return <Alert type="warning" showIcon title={t('virtual.unanswered')} />;
  const ms = decimal(it.ElapsedMs, 1);
  return (
    <Alert
      type={it.Code === 0 ? 'success' : 'error'}
      showIcon
      title={t('virtual.answered', { code: it.Code, ms })}
      description={[it.Code === 0 ? undefined : explained(it.Code), it.Status].filter(Boolean).join(' ')}
    />
  );
}
