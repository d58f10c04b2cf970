// Chooses products by name, however many there are: the server searches.
import { Select, type SelectProps } from 'antd';
import { useState } from 'react';

import { useOperation, type Answer } from '../api';
import { useSettled } from './settled';
import { useTexts } from './texts';

export type FoundProduct = Answer<'SearchStudioProduct'>['Products'][number];

export interface ProductSelectProps<V> extends Omit<
  SelectProps<V>,
  'options' | 'loading' | 'filterOption' | 'onSearch' | 'showSearch'
> {
  /** Only those of this project. */
  project?: string;
  /** Which of them can be chosen. */
  fits?: (product: FoundProduct) => boolean;
  /** What else is said of one. */
  hint?: (product: FoundProduct) => string | undefined;
}

export function ProductSelect<V extends string | string[]>({
  project,
  fits,
  hint,
  ...select
}: ProductSelectProps<V>) {
  const t = useTexts();
  const [typed, setTyped] = useState('');
  const name = useSettled(typed);
  const { data, isPending } = useOperation(
    'SearchStudioProduct',
    { ProductName: name || undefined, ProjectId: project || undefined, Limit: 50 },
    { keep: true },
  );
  const options = data?.Products.map((product) => {
    const said = hint?.(product);
    return {
      value: product.ProductId,
      disabled: fits ? !fits(product) : false,
      title: product.ProductName,
      label: (
        <span className="kit-option">
          <bdi>{product.ProductName}</bdi>
          <span className="kit-faint kit-code">{product.ProductId}</span>
          {said && <span className="kit-faint">{said}</span>}
        </span>
      ),
    };
  });
  return (
    <Select<V>
      placeholder={t('chooseProduct')}
      aria-label={t('chooseProduct')}
      {...select}
      showSearch={{ filterOption: false, onSearch: setTyped }}
      options={options}
      loading={isPending}
      notFoundContent={t('noProduct')}
    />
  );
}
