// Which product: published ones only, and where it is not, why, and the way to where that is changed.
import type { Answer } from '../../api';
import { Alert, count, FailureNote, PageLink, ProductSelect } from '../../kit';
import { useTexts } from './texts';

export type Product = Answer<'DescribeStudioProduct'>['Product'];

/** `EncryptionType` of products whose devices have certificates. */
export const BY_CERTIFICATE = '1';

export function ProductStep({
  productId,
  product,
  error,
  onChange,
}: {
  productId: string;
  product: Product | undefined;
  error: unknown;
  onChange: (productId: string) => void;
}) {
  const t = useTexts();
  return (
    <div className="production-step">
      <ProductSelect<string>
        value={productId || undefined}
        onChange={onChange}
        hint={({ DevStatus }) => (DevStatus === 'released' ? undefined : t('wizard.notReleased'))}
        autoFocus
      />
      <FailureNote error={error} />
      {product?.DevStatus === 'released' && (
        <>
          <p>{t('wizard.chosen', { number: count(product.DeviceCount) })}</p>
          {product.EncryptionType === BY_CERTIFICATE && <p>{t('wizard.certificates')}</p>}
        </>
      )}
      {product && product.DevStatus !== 'released' && (
        <Alert
          type="warning"
          showIcon
          title={t('wizard.notReleasedTitle')}
          description={
            <>
              <p>{t('wizard.notReleasedText')}</p>
              <PageLink to={`/products/${product.ProductId}`}>{t('wizard.openProduct')}</PageLink>
            </>
          }
        />
      )}
    </div>
  );
}
