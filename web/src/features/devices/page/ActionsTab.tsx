// Actions: called with inputs of the model's types, with the outputs that came back; and the calls so far.
import { useState } from 'react';

import { useChange, useOperation, type Answer } from '../../../api';
import {
  checkValues,
  CodeBlock,
  Empty,
  FailureNote,
  GuardedButton,
  ModelForm,
  ResourceTable,
  Select,
  Status,
  Time,
  useNow,
  type ModelAction,
  type Values,
} from '../../../kit';
import { useTexts } from '../texts';
import { keyOf, type DeviceView } from './device';

type Call = Answer<'DescribeDeviceActionHistory'>['ActionHistories'][number];

const HOUR = 3_600_000;
const KEPT_MS = 30 * 24 * HOUR;

export default function ActionsTab({ view }: { view: DeviceView }) {
  const t = useTexts();
  const actions = view.model?.actions ?? [];
  const [id, setId] = useState('');
  const action = actions.find((each) => each.id === id) ?? actions[0];
  if (view.model && !action) return <Empty title={t('actions.none')}>{t('actions.noneText')}</Empty>;
  return (
    <div className="devices-columns">
      <section>
        <Select
          aria-label={t('actions.action')}
          value={action?.id}
          onChange={setId}
          options={actions.map((each) => ({ value: each.id, label: `${each.name} (${each.id})` }))}
          style={{ width: '100%', marginBottom: 12 }}
        />
        {action && <CallAction key={action.id} view={view} action={action} />}
      </section>
      <Calls view={view} />
    </div>
  );
}

function CallAction({ view, action }: { view: DeviceView; action: ModelAction }) {
  const t = useTexts();
  const [input, setInput] = useState<Values>({});
  const run = useChange('CallDeviceActionSync', ['DescribeDeviceActionHistory']);
  const fits = checkValues(action.input, input, { whole: true }).length === 0;
  const offline = view.state.State !== 'online';
  return (
    <>
      <ModelForm label={action.name} fields={action.input} value={input} onChange={setInput} whole />
      <div className="devices-send">
        <GuardedButton
          type="primary"
          operation="CallDeviceActionSync"
          because={offline ? t('actions.offline') : undefined}
          disabled={!fits}
          loading={run.isPending}
          onClick={() =>
            run.mutate({ ...keyOf(view), ActionId: action.id, InputParams: JSON.stringify(input) })
          }
        >
          {t('actions.call')}
        </GuardedButton>
      </div>
      <FailureNote error={run.error} />
      {run.data && (
        <div role="status">
          <h2 className="devices-subtitle">{t('actions.result')}</h2>
          <Status tone="good">{run.data.Status || t('actions.answered')}</Status>
          <CodeBlock text={run.data.OutputParams || '{}'} label={t('actions.result')} />
        </div>
      )}
    </>
  );
}

function Calls({ view }: { view: DeviceView }) {
  const t = useTexts();
  const now = useNow();
  // In whole hours, so that the question stays the same while the clock goes on.
  const end = Math.ceil(now / HOUR) * HOUR;
  const { data, error, isPending, refetch } = useOperation(
    'DescribeDeviceActionHistory',
    { ...keyOf(view), MinTime: end - KEPT_MS, MaxTime: end, Limit: 50 },
    { keep: true, every: 10_000 },
  );
  return (
    <section>
      <h2 className="devices-subtitle">{t('actions.calls')}</h2>
      <ResourceTable<Call>
        id="device-actions"
        label={t('actions.calls')}
        rows={data?.ActionHistories}
        rowKey={(call) => call.ClientToken}
        loading={isPending}
        error={error}
        refresh={() => void refetch()}
        columns={[
          {
            key: 'time',
            title: t('commands.time'),
            fixed: true,
            render: (call) => <Time at={call.ReqTime} />,
          },
          {
            key: 'action',
            title: t('actions.action'),
            fixed: true,
            render: (call) => <bdi>{call.ActionName}</bdi>,
          },
          {
            key: 'status',
            title: t('commands.answer'),
            fixed: true,
            render: (call) => <bdi>{call.Status}</bdi>,
          },
          {
            key: 'output',
            title: t('actions.result'),
            render: (call) => <span className="kit-code devices-payload">{call.OutputParams}</span>,
          },
        ]}
        expanded={(call) => (
          <CodeBlock text={`${call.InputParams}\n→ ${call.OutputParams}`} label={t('actions.result')} />
        )}
        empty={<p className="kit-faint">{t('actions.noCalls')}</p>}
      />
    </section>
  );
}
