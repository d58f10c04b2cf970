// How a virtual device behaves: when it reports, how it answers, what goes wrong with it.
import { useState } from 'react';

import { useChange } from '../../api';
import {
  Button,
  FailureNote,
  Form,
  GuardedButton,
  icons,
  Input,
  InputNumber,
  notice,
  Radio,
  Select,
  Switch,
} from '../../kit';
import { Buttons } from './OnlinePanel';
import { useTexts } from './texts';
import type { VirtualDevice } from './VirtualPanel';

type Behaviour = VirtualDevice['Behaviour'];

/** Faults with what they are called on the wire; those with a time say how long they last. */
const faults = {
  disconnect: true,
  silence: true,
  stall: true,
  'bad-signature': false,
  'out-of-range': false,
  'wrong-type': false,
  'unknown-property': false,
  'bad-json': false,
  'bad-timestamp': false,
  oversize: false,
  duplicate: false,
} as const;
type Fault = keyof typeof faults;
const names = Object.keys(faults) as Fault[];
const lasts = (kind: string | undefined): boolean => kind !== undefined && faults[kind as Fault];

const policies = ['accept', 'refuse', 'silent'] as const;
const answerings = ['Control', 'Action'] as const;

type Values = Omit<Behaviour, 'ActionOutputs'> & { Outputs: string };

export function BehaviourForm({
  product,
  device,
  behaviour,
}: {
  product: string;
  device: string;
  behaviour: Behaviour;
}) {
  const t = useTexts();
  const [form] = Form.useForm<Values>();
  const [changed, setChanged] = useState(false);
  const modify = useChange('ModifyVirtualDevice', ['DescribeVirtualDevice', 'DescribeVirtualDevices']);
  const save = async ({ Outputs, ...values }: Values) => {
    const Behaviour = {
      ...values,
      ActionOutputs: JSON.parse(Outputs || '{}') as Behaviour['ActionOutputs'],
      Faults: values.Faults.map((fault) => (lasts(fault.Kind) ? fault : { ...fault, Seconds: undefined })),
    };
    await modify.mutateAsync({ ProductId: product, DeviceName: device, Behaviour });
    notice.done(t('behaviour.saved'));
  };
  return (
    <Form
      form={form}
      layout="vertical"
      className="debugging-behaviour"
      initialValues={{ ...behaviour, Outputs: JSON.stringify(behaviour.ActionOutputs, undefined, 2) }}
      onValuesChange={() => setChanged(true)}
      onFinish={(values) => void save(values).catch(() => undefined)}
    >
      <div className="debugging-fields">
        <Form.Item name="ReportInterval" label={t('behaviour.every')} extra={t('behaviour.never')}>
          <InputNumber min={0} max={86_400} suffix="s" />
        </Form.Item>
        <Form.Item name="EventInterval" label={t('behaviour.events')} extra={t('behaviour.never')}>
          <InputNumber min={0} max={86_400} suffix="s" />
        </Form.Item>
        <Form.Item name="ValuesChange" label={t('behaviour.wander')} valuePropName="checked">
          <Switch />
        </Form.Item>
        <Form.Item name="ReportChangesOnly" label={t('behaviour.changesOnly')} valuePropName="checked">
          <Switch />
        </Form.Item>
      </div>
      {answerings.map((kind) => (
        <AnsweringFields key={kind} kind={kind} />
      ))}
      <Form.Item
        name="Outputs"
        label={t('behaviour.outputs')}
        extra={t('behaviour.outputsText')}
        rules={[{ validator: (_, text: string) => isObject(text, t('behaviour.outputsWrong')) }]}
      >
        <Input.TextArea
          className="kit-model-json"
          autoSize={{ minRows: 2, maxRows: 10 }}
          spellCheck={false}
        />
      </Form.Item>
      <FaultFields />
      <Buttons>
        <GuardedButton
          operation="ModifyVirtualDevice"
          type="primary"
          htmlType="submit"
          loading={modify.isPending}
          disabled={!changed}
        >
          {t('behaviour.save')}
        </GuardedButton>
      </Buttons>
      <FailureNote error={modify.error} />
    </Form>
  );
}

function AnsweringFields({ kind }: { kind: (typeof answerings)[number] }) {
  const t = useTexts();
  const policy = Form.useWatch<string>([kind, 'Policy']);
  return (
    <fieldset className="debugging-group">
      <legend>{t(`behaviour.${kind}`)}</legend>
      <Form.Item name={[kind, 'Policy']}>
        <Radio.Group
          aria-label={t(`behaviour.${kind}`)}
          optionType="button"
          buttonStyle="solid"
          options={policies.map((value) => ({ value, label: t(`behaviour.${value}`) }))}
        />
      </Form.Item>
      <div className="debugging-fields">
        <Form.Item name={[kind, 'DelayMs']} label={t('behaviour.delay')} hidden={policy === 'silent'}>
          <InputNumber min={0} max={120_000} step={100} suffix="ms" />
        </Form.Item>
        <Form.Item name={[kind, 'Code']} label={t('behaviour.code')} hidden={policy !== 'refuse'}>
          <InputNumber />
        </Form.Item>
        <Form.Item name={[kind, 'Status']} label={t('behaviour.status')} hidden={policy !== 'refuse'}>
          <Input maxLength={256} />
        </Form.Item>
      </div>
    </fieldset>
  );
}

function FaultFields() {
  const t = useTexts();
  const chosen = Form.useWatch<Behaviour['Faults'] | undefined>('Faults') ?? [];
  const free = names.filter((name) => !chosen.some((fault) => fault?.Kind === name));
  return (
    <fieldset className="debugging-group">
      <legend>{t('behaviour.faults')}</legend>
      <Form.List name="Faults">
        {(items, { add, remove }) => (
          <>
            {items.map(({ key, name }) => {
              const kind = chosen[name]?.Kind;
              return (
                <div key={key} className="debugging-fault">
                  <Form.Item name={[name, 'Kind']}>
                    <Select
                      aria-label={t('behaviour.fault')}
                      options={names.map((value) => ({
                        value,
                        label: t(`fault.${value}`),
                        disabled: value !== kind && !free.includes(value),
                      }))}
                    />
                  </Form.Item>
                  <Form.Item name={[name, 'Percent']}>
                    <InputNumber aria-label={t('behaviour.share')} min={0} max={100} suffix="%" />
                  </Form.Item>
                  {lasts(kind) && (
                    <Form.Item name={[name, 'Seconds']}>
                      <InputNumber aria-label={t('behaviour.seconds')} min={0.1} max={3600} suffix="s" />
                    </Form.Item>
                  )}
                  <Button
                    type="text"
                    icon={<icons.DeleteOutlined />}
                    aria-label={t('behaviour.removeFault')}
                    onClick={() => remove(name)}
                  />
                </div>
              );
            })}
            <Button
              size="small"
              icon={<icons.PlusOutlined />}
              disabled={free.length === 0}
              onClick={() => add({ Kind: free[0], Percent: 10, Seconds: 5 })}
            >
              {t('behaviour.addFault')}
            </Button>
          </>
        )}
      </Form.List>
    </fieldset>
  );
}

/** For the form: resolves if the text is a JSON object. */
function isObject(text: string, complaint: string): Promise<void> {
  try {
    const read = JSON.parse(text || '{}') as unknown;
    if (typeof read === 'object' && read !== null && !Array.isArray(read)) return Promise.resolve();
  } catch {
    // Said below, in the reader's language.
  }
  return Promise.reject(new Error(complaint));
}
