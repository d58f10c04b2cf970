// One's own second factor: turning it on with the first code, turning it off.
import { useState } from 'react';

import { loadSession, useChange, useSession, type Answer } from '../../api';
import {
  Button,
  Card,
  CopyButton,
  FailureNote,
  Form,
  Input,
  Modal,
  notice,
  QrCode,
  Secret,
  Space,
  Status,
} from '../../kit';
import { useTexts } from './texts';

type Step = 'none' | 'begin' | 'remove';

export function SecondFactor() {
  const t = useTexts();
  const answer = useSession((session) => session.answer);
  const on = answer?.SecondFactor === true;
  const [step, setStep] = useState<Step>('none');
  const close = () => {
    setStep('none');
    void loadSession();
  };
  return (
    <Card size="small" title={t('factor.title')}>
      <p>
        {on ? (
          <>
            <Status tone="good">{t('factor.on')}</Status>{' '}
            {t('factor.left', { count: Number(answer?.RecoveryCodes ?? 0) })}
          </>
        ) : (
          t('factor.off')
        )}
      </p>
      <Space wrap>
        <Button onClick={() => setStep('begin')}>{on ? t('factor.again') : t('factor.begin')}</Button>
        {on && (
          <Button danger onClick={() => setStep('remove')}>
            {t('factor.remove')}
          </Button>
        )}
      </Space>
      {step === 'begin' && <TurnOn onClose={close} />}
      {step === 'remove' && <TurnOff onClose={close} />}
    </Card>
  );
}

function TurnOff({ onClose }: { onClose: () => void }) {
  const t = useTexts();
  const [form] = Form.useForm<{ Password: string }>();
  const [error, setError] = useState<unknown>();
  const remove = useChange('RemoveTotp');
  const save = async ({ Password }: { Password: string }) => {
    try {
      await remove.mutateAsync({ Password });
      notice.done(t('factor.removed'));
      onClose();
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <Modal
      open
      title={t('factor.remove')}
      okText={t('factor.remove')}
      okButtonProps={{ danger: true, loading: remove.isPending }}
      onOk={form.submit}
      onCancel={onClose}
    >
      <Form form={form} layout="vertical" requiredMark={false} onFinish={(values) => void save(values)}>
        <Form.Item name="Password" label={t('factor.prove')} rules={[{ required: true }]}>
          <Input.Password autoComplete="current-password" autoFocus />
        </Form.Item>
      </Form>
      <FailureNote error={error} />
    </Modal>
  );
}

/** The password, then the code of the new secret, then the recovery codes. */
function TurnOn({ onClose }: { onClose: () => void }) {
  const t = useTexts();
  const [form] = Form.useForm<{ Password: string; Code: string }>();
  const [offer, setOffer] = useState<Answer<'BeginTotp'>>();
  const [codes, setCodes] = useState<string[]>();
  const [error, setError] = useState<unknown>();
  const begin = useChange('BeginTotp');
  const confirm = useChange('ConfirmTotp');
  const next = async ({ Password, Code }: { Password: string; Code: string }) => {
    setError(undefined);
    try {
      if (!offer) setOffer(await begin.mutateAsync({ Password }));
      else setCodes((await confirm.mutateAsync({ Code })).RecoveryCodes);
    } catch (failure) {
      setError(failure);
    }
  };
  const done = codes !== undefined;
  const action = offer ? t('factor.turnOn') : t('factor.go');
  return (
    <Modal
      open
      title={done ? t('factor.codes') : t('factor.begin')}
      okText={done ? t('factor.kept') : action}
      onOk={done ? onClose : form.submit}
      onCancel={onClose}
      cancelButtonProps={done ? { hidden: true } : undefined}
      mask={{ closable: false }}
      confirmLoading={begin.isPending || confirm.isPending}
    >
      {done && (
        <>
          <p>{t('factor.codesText')}</p>
          <ul className="session-codes kit-code">
            {codes.map((code) => (
              <li key={code}>{code}</li>
            ))}
          </ul>
          <CopyButton value={codes.join('\n')} label={t('factor.codes')} />
        </>
      )}
      {!done && (
        <Form form={form} layout="vertical" requiredMark={false} onFinish={(values) => void next(values)}>
          {!offer && (
            <Form.Item name="Password" label={t('factor.prove')} rules={[{ required: true }]}>
              <Input.Password autoComplete="current-password" autoFocus />
            </Form.Item>
          )}
          {offer && (
            <>
              <p>{t('factor.scan')}</p>
              <QrCode text={offer.Uri} label={t('factor.qr')} size={200} />
              <p>
                {t('factor.secret')}: <Secret value={offer.Secret} label={t('factor.secret')} />
              </p>
              <Form.Item name="Code" label={t('factor.confirm')} rules={[{ required: true }]}>
                <Input autoComplete="one-time-code" inputMode="numeric" autoFocus />
              </Form.Item>
            </>
          )}
        </Form>
      )}
      <FailureNote error={error} />
    </Modal>
  );
}
