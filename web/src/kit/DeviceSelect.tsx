// Chooses a device of a product by name, however many there are: the server searches.
import { Select, type SelectProps } from 'antd';
import { useState } from 'react';

import { useOperation, type Answer } from '../api';
import { useSettled } from './settled';
import { useTexts } from './texts';

export type FoundDevice = Answer<'GetDeviceList'>['Devices'][number];

export interface DeviceSelectProps extends Omit<
  SelectProps<string>,
  'options' | 'loading' | 'filterOption' | 'onSearch' | 'showSearch'
> {
  /** Only devices of this product; none can be chosen before there is one. */
  product: string;
}

export function DeviceSelect({ product, ...select }: DeviceSelectProps) {
  const t = useTexts();
  const [typed, setTyped] = useState('');
  const name = useSettled(typed);
  const { data, isLoading } = useOperation(
    'GetDeviceList',
    { ProductId: product, DeviceName: name || undefined, Limit: 50 },
    { enabled: product !== '', keep: true },
  );
  const options = product
    ? data?.Devices.map(({ DeviceName }) => ({ value: DeviceName, label: <bdi>{DeviceName}</bdi> }))
    : [];
  return (
    <Select<string>
      placeholder={t('chooseDevice')}
      aria-label={t('chooseDevice')}
      disabled={product === ''}
      {...select}
      showSearch={{ filterOption: false, onSearch: setTyped }}
      options={options}
      loading={isLoading}
      notFoundContent={t('noDevice')}
    />
  );
}
