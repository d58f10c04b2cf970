import { useChange, useOperation } from '../../api';
import { Danger, FailureNote, Modal, notice, PageLink, Spin } from '../../kit';
import type { Authority } from './AuthoritiesPage';
import { useTexts } from './texts';

/** Deletes an authority; while products use it, says which instead. */
export function DeleteAuthority({
  authority: { CertName },
  onClose,
}: {
  authority: Authority;
  onClose: () => void;
}) {
  const t = useTexts();
  const bound = useOperation('DescribePrivateCABindedProducts', { CertName, Offset: 0, Limit: 100 });
  const remove = useChange('DeletePrivateCA', ['DescribePrivateCAs']);
  if (!bound.data || bound.data.Products.length > 0) {
    return (
      <Modal open title={t('remove', { name: CertName })} onCancel={onClose} footer={null}>
        {bound.isPending && <Spin />}
        <FailureNote error={bound.error} />
        {bound.data && (
          <>
            <p>{t('removeUsed')}</p>
            <ul>
              {bound.data.Products.map((product) => (
                <li key={product.ProductId}>
                  <PageLink to={`/products/${product.ProductId}`}>
                    <bdi>{product.ProductName}</bdi>
                  </PageLink>
                </li>
              ))}
            </ul>
          </>
        )}
      </Modal>
    );
  }
  return (
    <Danger
      open
      title={t('remove', { name: CertName })}
      name={CertName}
      onClose={onClose}
      onConfirm={async () => {
        await remove.mutateAsync({ CertName });
        notice.done(t('removed', { name: CertName }));
      }}
    >
      {t('removeText')}
    </Danger>
  );
}
