// What can be asked of a device: set properties, read its last values, report in its name, call an action, send a
// message of one's own making.
import { useState, type ReactNode } from 'react';

import { useChange, useOperation } from '../../api';
import {
  AutoComplete,
  checkValues,
  Empty,
  FailureNote,
  Form,
  GuardedButton,
  icons,
  Input,
  mayControl,
  mayReport,
  ModelForm,
  notice,
  Radio,
  Segmented,
  Select,
  Space,
  startValues,
  type ThingModel,
  type Values,
} from '../../kit';
import { useTexts } from './texts';
import { usePresentValues } from './values';

export interface PanelProps {
  product: string;
  device: string;
  model: ThingModel;
}

const panels = ['control', 'report', 'action', 'raw'] as const;
export type OnlinePart = (typeof panels)[number];

export function OnlinePanel({
  part,
  onPart,
  ...panel
}: PanelProps & { part: string; onPart: (part: OnlinePart) => void }) {
  const t = useTexts();
  const shown = panels.find((each) => each === part) ?? 'control';
  return (
    <div className="debugging-panel">
      <Segmented
        aria-label={t('online.parts')}
        value={shown}
        onChange={(chosen) => onPart(panels.find((each) => each === chosen) ?? 'control')}
        options={panels.map((each) => ({ value: each, label: t(`online.${each}`) }))}
      />
      {shown === 'control' && <ControlPart {...panel} />}
      {shown === 'report' && <ReportPart {...panel} />}
      {shown === 'action' && <ActionPart {...panel} />}
      {shown === 'raw' && <RawPart {...panel} />}
    </div>
  );
}

function ControlPart({ product, device, model }: PanelProps) {
  const t = useTexts();
  const [values, setValues] = useState<Values>({});
  const present = usePresentValues(product, device);
  const control = useChange('ControlDeviceData', ['DescribeDeviceData']);
  const readOnly = (field: { mode: string }) => field.mode === 'r';
  const findings = checkValues(model.properties, values, { readOnly });
  const send = async () => {
    const answer = await control.mutateAsync({
      ProductId: product,
      DeviceName: device,
      Data: JSON.stringify(values),
    });
    const sent = (JSON.parse(answer.Result) as { Sent?: number }).Sent === 1;
    if (sent) notice.done(t('online.sent'));
    else notice.done(t('online.kept'));
  };
  return (
    <>
      <p className="kit-faint">{t('online.controlAbout')}</p>
      <ModelForm
        label={t('online.control')}
        fields={model.properties}
        value={values}
        onChange={setValues}
        present={present.values}
        readOnly={readOnly}
      />
      <Buttons
        left={
          <GuardedButton
            operation="DescribeDeviceData"
            icon={<icons.ReloadOutlined />}
            onClick={present.refresh}
          >
            {t('online.read')}
          </GuardedButton>
        }
      >
        <GuardedButton
          operation="ControlDeviceData"
          type="primary"
          loading={control.isPending}
          because={whyNot(t, values, findings.length, model.properties.some(mayControl))}
          onClick={() => void send().catch(() => undefined)}
        >
          {t('online.send')}
        </GuardedButton>
      </Buttons>
      <FailureNote error={control.error} />
    </>
  );
}

function ReportPart({ product, device, model }: PanelProps) {
  const t = useTexts();
  const [values, setValues] = useState<Values>({});
  const present = usePresentValues(product, device);
  const report = useChange('ControlDeviceData', ['DescribeDeviceData']);
  const readOnly = (field: { mode: string }) => field.mode === 'w';
  const findings = checkValues(model.properties, values, { readOnly });
  const send = async () => {
    const Data = JSON.stringify(values);
    await report.mutateAsync({ ProductId: product, DeviceName: device, Data, Method: 'reported' });
    notice.done(t('online.reported'));
  };
  return (
    <>
      <p className="kit-faint">{t('online.reportAbout')}</p>
      <ModelForm
        label={t('online.report')}
        fields={model.properties}
        value={values}
        onChange={setValues}
        present={present.values}
        readOnly={readOnly}
      />
      <Buttons>
        <GuardedButton
          operation="ControlDeviceData"
          type="primary"
          loading={report.isPending}
          because={whyNot(t, values, findings.length, model.properties.some(mayReport))}
          onClick={() => void send().catch(() => undefined)}
        >
          {t('online.store')}
        </GuardedButton>
      </Buttons>
      <FailureNote error={report.error} />
    </>
  );
}

function ActionPart({ product, device, model }: PanelProps) {
  const t = useTexts();
  const [chosen, setChosen] = useState(model.actions[0]?.id ?? '');
  const action = model.actions.find(({ id }) => id === chosen);
  const [inputs, setInputs] = useState<Record<string, Values>>({});
  const call = useChange('CallDeviceActionSync');
  if (!action) return <Empty title={t('online.noActions')}>{t('online.noActionsText')}</Empty>;
  const input = inputs[action.id] ?? startValues(action.input);
  const findings = checkValues(action.input, input, { whole: true });
  const answer = call.data;
  return (
    <>
      <Select
        aria-label={t('online.action')}
        value={action.id}
        onChange={(id) => {
          setChosen(id);
          call.reset();
        }}
        options={model.actions.map(({ id, name }) => ({ value: id, label: `${name} (${id})` }))}
      />
      <ModelForm
        key={action.id}
        label={t('online.action')}
        fields={action.input}
        value={input}
        onChange={(value) => setInputs({ ...inputs, [action.id]: value })}
        whole
      />
      <Buttons>
        <GuardedButton
          operation="CallDeviceActionSync"
          type="primary"
          loading={call.isPending}
          because={findings.length > 0 ? t('online.notYet') : undefined}
          onClick={() =>
            call.mutate({
              ProductId: product,
              DeviceName: device,
              ActionId: action.id,
              InputParams: JSON.stringify(input),
            })
          }
        >
          {t('online.call')}
        </GuardedButton>
      </Buttons>
      {answer && (
        <dl className="debugging-answer" aria-live="polite">
          <dt>{t('online.status')}</dt>
          <dd>{answer.Status || '–'}</dd>
          <dt>{t('online.output')}</dt>
          <dd className="kit-code">{answer.OutputParams || '–'}</dd>
        </dl>
      )}
      <FailureNote error={call.error} />
    </>
  );
}

interface RawValues {
  topic: string;
  payload: string;
  qos: number;
  encoding: 'text' | 'base64';
}

function RawPart({ product, device }: PanelProps) {
  const t = useTexts();
  const [form] = Form.useForm<RawValues>();
  const publish = useChange('PublishMessage');
  const topics = useOperation('ListTopicPolicy', { ProductId: product });
  const listened = topics.data?.Topics.filter(({ Privilege }) => Privilege !== 1) ?? [];
  const named = listened.map(({ TopicName }) =>
    TopicName.replace(/\$\{deviceName\}|\{devicename\}/gi, device),
  );
  const send = async ({ topic, payload, qos, encoding }: RawValues) => {
    await publish.mutateAsync({
      ProductId: product,
      DeviceName: device,
      Topic: topic,
      Payload: payload,
      Qos: qos,
      PayloadEncoding: encoding === 'base64' ? 'base64' : undefined,
    });
    notice.done(t('online.published'));
  };
  return (
    <Form
      form={form}
      layout="vertical"
      initialValues={{ topic: `${product}/${device}/data`, payload: '{}', qos: 0, encoding: 'text' }}
      onFinish={(values) => void send(values).catch(() => undefined)}
    >
      <p className="kit-faint">{t('online.rawAbout')}</p>
      <Form.Item name="topic" label={t('online.topic')} rules={[{ required: true, max: 255 }]}>
        <AutoComplete options={[...new Set(named)].map((value) => ({ value }))} />
      </Form.Item>
      <Form.Item name="payload" label={t('online.payload')} rules={[{ max: 65_536 }]}>
        <Input.TextArea
          className="kit-model-json"
          autoSize={{ minRows: 4, maxRows: 16 }}
          spellCheck={false}
        />
      </Form.Item>
      <Space wrap>
        <Form.Item name="qos" label="QoS">
          <Radio.Group
            optionType="button"
            buttonStyle="solid"
            options={[0, 1].map((value) => ({ value, label: String(value) }))}
          />
        </Form.Item>
        <Form.Item name="encoding" label={t('online.encoding')}>
          <Radio.Group
            optionType="button"
            buttonStyle="solid"
            options={[
              { value: 'text', label: t('online.text') },
              { value: 'base64', label: 'Base64' },
            ]}
          />
        </Form.Item>
      </Space>
      <Buttons>
        <GuardedButton
          operation="PublishMessage"
          type="primary"
          htmlType="submit"
          loading={publish.isPending}
        >
          {t('online.publish')}
        </GuardedButton>
      </Buttons>
      <FailureNote error={publish.error} />
    </Form>
  );
}

/** The row of buttons under a form. */
export function Buttons({ left, children }: { left?: ReactNode; children: ReactNode }) {
  return (
    <div className="debugging-buttons">
      {left}
      <Space wrap className="debugging-buttons-right">
        {children}
      </Space>
    </div>
  );
}

/** Why a form cannot be sent; undefined if it can. */
export function whyNot(
  t: ReturnType<typeof useTexts>,
  values: Values,
  findings: number,
  possible: boolean,
): string | undefined {
  if (!possible) return t('online.nothingPossible');
  if (Object.keys(values).length === 0) return t('online.nothingChosen');
  return findings > 0 ? t('online.notYet') : undefined;
}
