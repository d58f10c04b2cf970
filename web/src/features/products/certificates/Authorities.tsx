// The account's own authorities: brought with a proof that one holds their keys, and deleted.
import { useState } from 'react';

import { useChange, useMay, useOperation, useSession, type Answer } from '../../../api';
import {
  CodeBlock,
  Danger,
  Empty,
  FailureNote,
  Form,
  GuardedButton,
  icons,
  Input,
  Modal,
  notice,
  ResourceTable,
  Time,
  type Column,
} from '../../../kit';
import { useTexts } from './texts';

type Authority = Answer<'DescribePrivateCAs'>['CAs'][number];

export function Authorities() {
  const t = useTexts();
  const may = useMay();
  const list = useOperation('DescribePrivateCAs', {});
  const [bringing, setBringing] = useState(false);
  const [removed, setRemoved] = useState<Authority>();
  const remove = useChange('DeletePrivateCA', ['DescribePrivateCAs']);
  const columns: Column<Authority>[] = [
    { key: 'name', title: t('name'), fixed: true, render: (each) => <bdi>{each.CertName}</bdi> },
    { key: 'subject', title: t('subject'), render: (each) => <bdi>{each.Subject}</bdi> },
    { key: 'until', title: t('until'), render: (each) => <Time at={each.ExpireTime * 1000} /> },
    {
      key: 'actions',
      title: t('actions'),
      fixed: true,
      render: (each) => (
        <GuardedButton
          operation="DeletePrivateCA"
          size="small"
          danger
          icon={<icons.DeleteOutlined />}
          aria-label={t('removeLabel', { name: each.CertName })}
          onClick={() => setRemoved(each)}
        />
      ),
    },
  ];
  const bring = (
    <GuardedButton
      operation="CreatePrivateCA"
      icon={<icons.PlusOutlined />}
      onClick={() => setBringing(true)}
    >
      {t('bring')}
    </GuardedButton>
  );
  return (
    <section className="products-stack">
      <div className="products-bar">
        <div>
          <h2 className="products-heading">{t('own')}</h2>
          <span className="kit-faint">{t('ownText')}</span>
        </div>
        <div className="products-bar-end">{bring}</div>
      </div>
      <ResourceTable
        id="authorities"
        label={t('own')}
        columns={columns}
        rows={list.data?.CAs}
        rowKey={(each) => each.CertName}
        loading={list.isPending}
        error={list.error}
        empty={
          <Empty title={t('emptyTitle')} action={may('CreatePrivateCA') && bring}>
            {t('emptyText')}
          </Empty>
        }
      />
      {bringing && <AuthorityForm onClose={() => setBringing(false)} />}
      <Danger
        open={removed !== undefined}
        title={t('removeTitle', { name: removed?.CertName ?? '' })}
        action={t('remove')}
        onClose={() => setRemoved(undefined)}
        onConfirm={async () => {
          if (!removed) return;
          await remove.mutateAsync({ CertName: removed.CertName });
          notice.done(t('removed', { name: removed.CertName }));
        }}
      >
        {t('removeText')}
      </Danger>
    </section>
  );
}

interface Values {
  name: string;
  certificate: string;
  proof: string;
}

/** How one proves that one holds the key of an authority, for the account. */
function proofCommands(owner: string): string {
  return [
    `NAME=$(printf 'iothub_${owner}' | sha256sum | cut -d' ' -f1)`,
    'openssl req -new -newkey rsa:2048 -nodes -keyout proof.key -subj "/CN=$NAME" -out proof.csr',
    'openssl x509 -req -in proof.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 30 -out proof.pem',
  ].join('\n');
}

function AuthorityForm({ onClose }: { onClose: () => void }) {
  const t = useTexts();
  const [form] = Form.useForm<Values>();
  const [error, setError] = useState<unknown>();
  const create = useChange('CreatePrivateCA', ['DescribePrivateCAs']);
  const account = useSession((session) => session.account);
  const save = async ({ name, certificate, proof }: Values) => {
    try {
      await create.mutateAsync({ CertName: name.trim(), CertText: certificate, VerifyCertText: proof });
      notice.done(t('brought', { name: name.trim() }));
      onClose();
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <Modal
      open
      width={680}
      title={t('bring')}
      okText={t('save')}
      cancelText={t('cancel')}
      onOk={form.submit}
      onCancel={onClose}
      confirmLoading={create.isPending}
    >
      <p>
        {t('bringText')} {t('bringStep')}
      </p>
      <CodeBlock text={proofCommands(account?.Owner ?? account?.Uin ?? '')} />
      <Form form={form} layout="vertical" onFinish={(values) => void save(values)}>
        <Form.Item
          name="name"
          label={t('name')}
          rules={[{ required: true, whitespace: true, max: 32, message: t('nameRule') }]}
        >
          <Input maxLength={32} autoFocus />
        </Form.Item>
        <Form.Item
          name="certificate"
          label={t('certificate')}
          rules={[{ required: true, message: t('required') }]}
        >
          <Input.TextArea
            rows={4}
            className="kit-code"
            spellCheck={false}
            placeholder="-----BEGIN CERTIFICATE-----"
          />
        </Form.Item>
        <Form.Item name="proof" label={t('proof')} rules={[{ required: true, message: t('required') }]}>
          <Input.TextArea
            rows={4}
            className="kit-code"
            spellCheck={false}
            placeholder="-----BEGIN CERTIFICATE-----"
          />
        </Form.Item>
      </Form>
      <FailureNote error={error} />
    </Modal>
  );
}
