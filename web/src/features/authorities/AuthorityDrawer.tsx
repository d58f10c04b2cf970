// One authority: what its certificate says, and the products that trust it.
import { useState } from 'react';

import { useChange, useOperation, type Answer } from '../../api';
import {
  Button,
  CodeBlock,
  Danger,
  Drawer,
  exact,
  Facts,
  FailureNote,
  GuardedButton,
  Id,
  notice,
  PageLink,
  ProductSelect,
  saveText,
} from '../../kit';
import type { Authority } from './AuthoritiesPage';
import { useTexts } from './texts';

type Bound = Answer<'DescribePrivateCABindedProducts'>['Products'][number];

/** Products that are shown. */
const MOST = 100;
/** `EncryptionType` of products whose devices have certificates. */
const BY_CERTIFICATE = '1';
const ABOUT = ['DescribePrivateCABindedProducts', 'SearchStudioProduct', 'DescribeStudioProduct'] as const;

export function AuthorityDrawer({ authority, onClose }: { authority: Authority; onClose: () => void }) {
  const t = useTexts();
  const { CertName, CertText } = authority;
  return (
    <Drawer open title={<bdi>{CertName}</bdi>} onClose={onClose} size={640}>
      <Facts
        facts={[
          { label: t('subject'), value: <bdi>{authority.Subject}</bdi>, wide: true },
          { label: t('issuer'), value: <bdi>{authority.IssuerName}</bdi>, wide: true },
          { label: t('serial'), value: <Id value={authority.CertSN} />, wide: true },
          { label: t('from'), value: exact(authority.EffectiveTime * 1000) },
          { label: t('until'), value: exact(authority.ExpireTime * 1000) },
        ]}
      />
      <h3>{t('products.title')}</h3>
      <BoundProducts name={CertName} />
      <h3>{t('details', { name: CertName })}</h3>
      <CodeBlock text={CertText} label={t('details', { name: CertName })} maxHeight={200} />
      <Button size="small" type="link" onClick={() => saveText(`${CertName}.pem`, CertText)}>
        {CertName}.pem
      </Button>
    </Drawer>
  );
}

function BoundProducts({ name }: { name: string }) {
  const t = useTexts();
  const list = useOperation('DescribePrivateCABindedProducts', { CertName: name, Offset: 0, Limit: MOST });
  const [chosen, setChosen] = useState<string>();
  const [taken, setTaken] = useState<Bound>();
  const [error, setError] = useState<unknown>();
  const bind = useChange('UpdateProductPrivateCA', ABOUT);
  const unbind = useChange('DeleteProductPrivateCA', ABOUT);
  const products = list.data?.Products ?? [];
  const add = async () => {
    if (!chosen) return;
    setError(undefined);
    try {
      await bind.mutateAsync({ CertName: name, ProductId: chosen });
      setChosen(undefined);
      notice.done(t('products.bound'));
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <div className="kit-stack">
      <FailureNote error={list.error} />
      {list.data && products.length === 0 && <p className="kit-faint">{t('products.none')}</p>}
      <ul className="kit-rows" hidden={products.length === 0}>
        {products.map((product) => (
          <li key={product.ProductId}>
            <PageLink to={`/products/${product.ProductId}`}>
              <bdi>{product.ProductName}</bdi>
            </PageLink>
            <Id value={product.ProductId} />
            <GuardedButton
              operation="DeleteProductPrivateCA"
              size="small"
              danger
              onClick={() => setTaken(product)}
            >
              {t('products.unbind')}
            </GuardedButton>
          </li>
        ))}
      </ul>
      {products.length === MOST && <p className="kit-faint">{t('products.more', { number: MOST })}</p>}
      <div className="kit-line">
        <ProductSelect<string>
          allowClear
          value={chosen}
          onChange={setChosen}
          fits={(product) =>
            product.EncryptionType === BY_CERTIFICATE &&
            !products.some((each) => each.ProductId === product.ProductId)
          }
          hint={(product) => (product.EncryptionType === BY_CERTIFICATE ? undefined : t('products.bindHint'))}
          style={{ flex: '1 1 220px' }}
        />
        <GuardedButton
          operation="UpdateProductPrivateCA"
          disabled={!chosen}
          loading={bind.isPending}
          onClick={() => void add()}
        >
          {t('products.bind')}
        </GuardedButton>
      </div>
      <FailureNote error={error} />
      <Danger
        open={taken !== undefined}
        title={t('products.unbindTitle', { name: taken?.ProductName ?? '' })}
        action={t('products.unbind')}
        onClose={() => setTaken(undefined)}
        onConfirm={async () => {
          if (!taken) return;
          await unbind.mutateAsync({ ProductId: taken.ProductId });
          notice.done(t('products.unbound'));
        }}
      >
        {t('products.unbindText')}
      </Danger>
    </div>
  );
}
