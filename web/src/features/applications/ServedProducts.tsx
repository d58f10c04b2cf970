// The products that an application serves: only their devices can be bound through it.
import { useState } from 'react';

import { useChange, useOperations } from '../../api';
import { Danger, Empty, FailureNote, GuardedButton, Id, notice, PageLink, ProductSelect } from '../../kit';
import { productsIn } from './binding';
import type { Application } from './Keys';
import { useTexts } from './texts';

export function ServedProducts({ application }: { application: Application }) {
  const t = useTexts();
  const ids = productsIn(application.Products);
  const answers = useOperations(
    'DescribeStudioProduct',
    ids.map((ProductId) => ({ ProductId })),
  );
  const [added, setAdded] = useState<string[]>([]);
  const [taken, setTaken] = useState<string>();
  const [error, setError] = useState<unknown>();
  const modify = useChange('ModifyApplication', ['DescribeApplication', 'DescribeApplications']);
  const serve = async (products: string[]) => {
    await modify.mutateAsync({ IotAppID: application.IotAppID, Products: JSON.stringify(products) });
    notice.done(t('saved'));
  };
  const add = async () => {
    setError(undefined);
    try {
      await serve([...ids, ...added]);
      setAdded([]);
    } catch (failure) {
      setError(failure);
    }
  };
  const nameOf = (id: string) => {
    const answer = answers[ids.indexOf(id)];
    if (answer?.error) return t('served.gone');
    return answer?.data?.Product.ProductName ?? id;
  };
  return (
    <div className="kit-stack">
      <p className="kit-faint">{t('productsText')}</p>
      <div className="kit-line">
        <ProductSelect<string[]>
          mode="multiple"
          value={added}
          onChange={setAdded}
          fits={(product) => !ids.includes(product.ProductId)}
          style={{ flex: '1 1 240px', maxWidth: 560 }}
        />
        <GuardedButton
          operation="ModifyApplication"
          type="primary"
          disabled={added.length === 0}
          loading={modify.isPending}
          onClick={() => void add()}
        >
          {t('served.add')}
        </GuardedButton>
      </div>
      <FailureNote error={error} />
      {ids.length === 0 && <Empty title={t('served.none')} />}
      <ul className="kit-rows" hidden={ids.length === 0}>
        {ids.map((id) => (
          <li key={id}>
            <PageLink to={`/products/${id}`}>
              <bdi>{nameOf(id)}</bdi>
            </PageLink>
            <Id value={id} />
            <GuardedButton operation="ModifyApplication" size="small" danger onClick={() => setTaken(id)}>
              {t('served.take')}
            </GuardedButton>
          </li>
        ))}
      </ul>
      <Danger
        open={taken !== undefined}
        title={t('served.takeTitle', { name: taken === undefined ? '' : nameOf(taken) })}
        action={t('served.take')}
        onClose={() => setTaken(undefined)}
        onConfirm={() => serve(ids.filter((id) => id !== taken))}
      >
        {t('served.takeText')}
      </Danger>
    </div>
  );
}
