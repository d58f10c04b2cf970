// The certificate authorities of the account: brought with a proof, replaced, deleted, and made to vouch for products.
import { useState } from 'react';

import { useOperation, type Answer } from '../../api';
import {
  Card,
  Empty,
  exact,
  GuardedButton,
  icons,
  Page,
  PageLink,
  ResourceTable,
  Space,
  Status,
  useAddress,
  useNow,
  type Column,
  type Tone,
} from '../../kit';
import { AuthorityDrawer } from './AuthorityDrawer';
import { BringAuthority } from './BringAuthority';
import { CaDownload } from './CaDownload';
import { DeleteAuthority } from './DeleteAuthority';
import { validity } from './proof';
import { useTexts } from './texts';

export type Authority = Answer<'DescribePrivateCAs'>['CAs'][number];

const tones: Record<ReturnType<typeof validity>, Tone> = {
  early: 'warn',
  over: 'bad',
  soon: 'warn',
  fine: 'good',
};

export default function AuthoritiesPage() {
  const t = useTexts();
  const now = useNow();
  const list = useOperation('DescribePrivateCAs', {});
  const [{ open }, setAddress] = useAddress({ open: '' });
  const [brought, setBrought] = useState<Authority | 'new'>();
  const [removed, setRemoved] = useState<Authority>();
  const opened = list.data?.CAs.find((authority) => authority.CertName === open);
  const columns: Column<Authority>[] = [
    {
      key: 'name',
      title: t('name'),
      fixed: true,
      render: ({ CertName }) => (
        <PageLink to={`/authorities?open=${encodeURIComponent(CertName)}`}>
          <bdi>{CertName}</bdi>
        </PageLink>
      ),
    },
    { key: 'subject', title: t('subject'), render: ({ Subject }) => <bdi>{Subject}</bdi> },
    {
      key: 'state',
      title: t('state'),
      render: (authority) => {
        const word = validity(authority, now);
        return <Status tone={tones[word]}>{t(`validity.${word}`)}</Status>;
      },
    },
    { key: 'until', title: t('until'), render: ({ ExpireTime }) => exact(ExpireTime * 1000) },
    {
      key: 'created',
      title: t('created'),
      extra: true,
      render: ({ CreateTime }) => exact(CreateTime * 1000),
    },
    {
      key: 'actions',
      title: t('actions'),
      fixed: true,
      render: (authority) => (
        <Space>
          <GuardedButton operation="UpdatePrivateCA" size="small" onClick={() => setBrought(authority)}>
            {t('replace')}
          </GuardedButton>
          <GuardedButton
            operation="DeletePrivateCA"
            size="small"
            danger
            icon={<icons.DeleteOutlined />}
            aria-label={t('remove', { name: authority.CertName })}
            onClick={() => setRemoved(authority)}
          />
        </Space>
      ),
    },
  ];
  const add = (
    <GuardedButton
      operation="CreatePrivateCA"
      type="primary"
      icon={<icons.PlusOutlined />}
      onClick={() => setBrought('new')}
    >
      {t('add')}
    </GuardedButton>
  );
  return (
    <Page title={t('title')} about={t('about')} actions={add}>
      <ResourceTable
        id="authorities"
        label={t('title')}
        columns={columns}
        rows={list.data?.CAs}
        rowKey={(authority) => authority.CertName}
        loading={list.isPending}
        error={list.error}
        refresh={() => void list.refetch()}
        empty={
          <Empty title={t('emptyTitle')} action={add}>
            {t('emptyText')}
          </Empty>
        }
      />
      <Card size="small" title={t('own.title')}>
        <p className="kit-lead">{t('own.text')}</p>
        <CaDownload />
      </Card>
      {opened && <AuthorityDrawer authority={opened} onClose={() => setAddress({ open: '' })} />}
      {brought && (
        <BringAuthority
          replaced={brought === 'new' ? undefined : brought.CertName}
          onClose={() => setBrought(undefined)}
          onDone={(name) => setAddress({ open: name }, true)}
        />
      )}
      {removed && <DeleteAuthority authority={removed} onClose={() => setRemoved(undefined)} />}
    </Page>
  );
}
