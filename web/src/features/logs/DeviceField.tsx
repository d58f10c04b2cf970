// Chooses a device of a product by the beginning of its name; the server searches.
import { useState } from 'react';

import { useOperation } from '../../api';
import { AutoComplete } from '../../kit';
import { useTexts } from './texts';

export function DeviceField({
  product,
  value,
  onChange,
}: {
  product: string;
  value: string;
  onChange: (device: string) => void;
}) {
  const t = useTexts();
  const [typed, setTyped] = useState(value);
  const [taken, setTaken] = useState(value);
  if (taken !== value) {
    setTaken(value);
    setTyped(value);
  }
  const found = useOperation(
    'GetDeviceList',
    { ProductId: product, DeviceName: typed || undefined, Offset: 0, Limit: 20 },
    { enabled: product !== '', keep: true },
  );
  const options = found.data?.Devices.map((device) => ({
    value: device.DeviceName,
    label: <bdi>{device.DeviceName}</bdi>,
  }));
  return (
    <AutoComplete
      size="small"
      style={{ width: 200 }}
      allowClear
      disabled={product === ''}
      placeholder={t('anyDevice')}
      aria-label={t('device')}
      value={typed}
      options={options}
      onChange={(next: string | undefined) => {
        setTyped(next ?? '');
        if (!next) onChange('');
      }}
      onSelect={(chosen) => chosen && onChange(chosen)}
      onBlur={() => typed !== value && onChange(typed)}
    />
  );
}
