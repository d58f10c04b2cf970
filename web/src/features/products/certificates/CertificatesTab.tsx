// Who vouches for the devices of a product, and what devices check this server against.
import { useState } from 'react';

import { useChange, useOperation } from '../../../api';
import { Danger, Facts, FailureNote, GuardedButton, Id, notice, PageLink, Select, Time } from '../../../kit';
import { CaDownload } from '../../authorities/CaDownload';
import { CERTIFICATE, type Product } from '../choices';
import { useTexts } from './texts';

export default function CertificatesTab({ product }: { product: Product }) {
  const t = useTexts();
  const byCertificate = product.EncryptionType === CERTIFICATE;
  return (
    <div className="products-stack">
      {byCertificate ? (
        <Trusted product={product} />
      ) : (
        <section className="products-card">
          <h2 className="products-heading">{t('keyTitle')}</h2>
          <p className="kit-faint">{t('keyText')}</p>
        </section>
      )}
      <section className="products-card">
        <h2 className="products-heading">{t('serverCa')}</h2>
        <p className="kit-faint">{t('serverCaText')}</p>
        <CaDownload />
      </section>
    </div>
  );
}

const CHANGED = ['DescribeProductCA', 'DescribeStudioProduct'] as const;

function Trusted({ product }: { product: Product }) {
  const t = useTexts();
  const used = useOperation('DescribeProductCA', { ProductId: product.ProductId });
  const own = useOperation('DescribePrivateCAs', {});
  const [chosen, setChosen] = useState<string>();
  const [stopping, setStopping] = useState(false);
  const update = useChange('UpdateProductPrivateCA', CHANGED);
  const stop = useChange('DeleteProductPrivateCA', CHANGED);
  const authority = used.data?.CAs[0];
  const use = async () => {
    if (!chosen) return;
    await update.mutateAsync({ ProductId: product.ProductId, CertName: chosen });
    setChosen(undefined);
    notice.done(t('changed'));
  };
  const others = (own.data?.CAs ?? []).filter((each) => each.CertName !== authority?.CertName);
  return (
    <section className="products-card" aria-label={t('trusted')}>
      <h2 className="products-heading">{t('trusted')}</h2>
      <FailureNote error={used.error} retry={() => void used.refetch()} />
      <p className="kit-faint">{authority ? t('trustedOwn') : t('trustedInstallation')}</p>
      {authority && (
        <Facts
          facts={[
            { label: t('name'), value: <bdi>{authority.CertName}</bdi> },
            { label: t('since'), value: <Time at={authority.EffectiveTime * 1000} /> },
            { label: t('until'), value: <Time at={authority.ExpireTime * 1000} /> },
            { label: t('serial'), value: <Id value={authority.CertSN} /> },
            { label: t('subject'), value: <bdi>{authority.Subject}</bdi>, wide: true },
            { label: t('issuer'), value: <bdi>{authority.IssuerName}</bdi>, wide: true },
          ]}
        />
      )}
      <FailureNote error={update.error} />
      <div className="products-bar">
        {others.length > 0 && (
          <>
            <Select
              aria-label={t('choose')}
              placeholder={t('choose')}
              value={chosen}
              onChange={setChosen}
              options={others.map((each) => ({ value: each.CertName, label: each.CertName }))}
              style={{ minWidth: 220 }}
            />
            <GuardedButton
              operation="UpdateProductPrivateCA"
              disabled={!chosen}
              loading={update.isPending}
              // What went wrong is shown above.
              onClick={() => void use().catch(() => {})}
            >
              {t('use')}
            </GuardedButton>
          </>
        )}
        <PageLink to="/authorities">{t('own')}</PageLink>
        {authority && (
          <GuardedButton operation="DeleteProductPrivateCA" danger onClick={() => setStopping(true)}>
            {t('stop')}
          </GuardedButton>
        )}
      </div>
      <Danger
        open={stopping}
        title={t('stopTitle', { name: authority?.CertName ?? '' })}
        action={t('stop')}
        onClose={() => setStopping(false)}
        onConfirm={async () => {
          await stop.mutateAsync({ ProductId: product.ProductId });
          notice.done(t('changed'));
        }}
      >
        {t('stopText', { count: product.DeviceCount })}
      </Danger>
    </section>
  );
}
