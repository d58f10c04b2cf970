// Brings an authority, or another certificate in one's place, in two steps: how the proof is made, then both certificates.
import { useState } from 'react';

import { useChange, useSession } from '../../api';
import {
  Button,
  CodeBlock,
  Drawer,
  FailureNote,
  Form,
  Id,
  Input,
  notice,
  Steps,
  Upload,
  icons,
} from '../../kit';
import './authorities.css';
import { pemProblem, proofCommands, proofName } from './proof';
import { useTexts } from './texts';

/** A certificate is a few kilobytes. */
const LARGEST_PEM = 64 * 1024;

interface Values {
  name: string;
  ca: string;
  proof: string;
}

export function BringAuthority({
  replaced,
  onClose,
  onDone,
}: {
  /** The name of the authority whose certificate is exchanged. */
  replaced?: string;
  onClose: () => void;
  onDone: (name: string) => void;
}) {
  const t = useTexts();
  const [step, setStep] = useState(0);
  const [form] = Form.useForm<Values>();
  const [error, setError] = useState<unknown>();
  const create = useChange('CreatePrivateCA', ['DescribePrivateCAs']);
  const update = useChange('UpdatePrivateCA', ['DescribePrivateCAs']);
  const save = async ({ name, ca, proof }: Values) => {
    setError(undefined);
    const request = { CertName: replaced ?? name, CertText: ca, VerifyCertText: proof };
    try {
      await (replaced ? update : create).mutateAsync(request);
      notice.done(t(replaced ? 'wizard.replaced' : 'wizard.added', { name: request.CertName }));
      onClose();
      onDone(request.CertName);
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <Drawer
      open
      title={replaced ? t('replaceTitle', { name: replaced }) : t('add')}
      size={640}
      onClose={onClose}
      footer={
        <div className="kit-foot">
          {step === 0 ? (
            <Button type="primary" onClick={() => setStep(1)}>
              {t('wizard.next')}
            </Button>
          ) : (
            <>
              <Button onClick={() => setStep(0)}>{t('wizard.back')}</Button>
              <Button type="primary" loading={create.isPending || update.isPending} onClick={form.submit}>
                {t(replaced ? 'wizard.replace' : 'wizard.save')}
              </Button>
            </>
          )}
        </div>
      }
    >
      <div className="kit-stack">
        <Steps
          size="small"
          current={step}
          items={[{ title: t('wizard.prove') }, { title: t('wizard.bring') }]}
        />
        {replaced && <p>{t('replaceText')}</p>}
        {step === 0 && <Prove />}
        {/* Stays while one looks at the first step again: what was pasted is not lost. */}
        <div hidden={step !== 1}>
          <Form form={form} layout="vertical" onFinish={(values) => void save(values)}>
            {!replaced && (
              <Form.Item
                name="name"
                label={t('name')}
                extra={t('wizard.nameText')}
                rules={[{ required: true, max: 32 }]}
              >
                <Input maxLength={32} />
              </Form.Item>
            )}
            <PemField name="ca" label={t('wizard.ca')} />
            <PemField name="proof" label={t('wizard.proof')} />
          </Form>
          <FailureNote error={error} />
        </div>
      </div>
    </Drawer>
  );
}

function Prove() {
  const t = useTexts();
  // The root account's number, also for a sub-account.
  const account = useSession((session) => session.account?.Owner ?? session.account?.Uin ?? '');
  return (
    <>
      <p>{t('wizard.proveText')}</p>
      <div>
        <div className="kit-faint">{t('wizard.commonName')}</div>
        <Id value={proofName(account)} />
      </div>
      <CodeBlock text={proofCommands(account)} label={t('wizard.commands')} />
    </>
  );
}

function PemField({ name, label }: { name: 'ca' | 'proof'; label: string }) {
  const t = useTexts();
  const form = Form.useFormInstance<Values>();
  const check = (_: unknown, text: string | undefined) => {
    const problem = pemProblem(text ?? '');
    return problem ? Promise.reject(new Error(t(`pem.${problem}`))) : Promise.resolve();
  };
  const take = async (file: File) => {
    form.setFieldValue(name, await file.slice(0, LARGEST_PEM).text());
    await form.validateFields([name]).catch(() => undefined);
  };
  return (
    <div className="authorities-pem">
      <Form.Item name={name} label={label} rules={[{ validator: check }]} className="kit-close">
        <Input.TextArea
          rows={5}
          maxLength={LARGEST_PEM}
          className="kit-code"
          spellCheck={false}
          placeholder="-----BEGIN CERTIFICATE-----"
        />
      </Form.Item>
      <Upload
        showUploadList={false}
        accept=".pem,.crt,.cer,.txt"
        beforeUpload={(file) => {
          void take(file);
          return false;
        }}
      >
        <Button size="small" icon={<icons.UploadOutlined />} aria-label={`${t('wizard.file')}: ${label}`}>
          {t('wizard.file')}
        </Button>
      </Upload>
    </div>
  );
}
