// What the list is filtered by. The states are counted, so that one sees where the devices are before choosing.
import type { Answer } from '../../../api';
import { count, Input, ProductSelect, Segmented, Select } from '../../../kit';
import { STATES } from '../State';
import type { Filter } from '../selection';
import { useTexts } from '../texts';

const TRANSPORTS = ['tcp', 'tls', 'psk', 'ws', 'wss'] as const;

export function Filters({
  filter,
  standing,
  onChange,
}: {
  filter: Filter;
  standing: Answer<'SearchDevices'>['Standing'] | undefined;
  onChange: (change: Partial<Filter>) => void;
}) {
  const t = useTexts();
  const counts = standing && {
    online: standing.Online,
    offline: standing.Offline,
    inactive: standing.Inactive,
    disabled: standing.Disabled,
  };
  const number = (state: (typeof STATES)[number]) => (counts ? ` ${count(counts[state])}` : '');
  return (
    <>
      <Segmented
        className="devices-states"
        aria-label={t('stateTitle')}
        value={filter.state}
        onChange={(state) => onChange({ state: String(state) })}
        options={[
          { value: '', label: t('state.all') },
          ...STATES.map((state) => ({ value: state, label: `${t(`state.${state}`)}${number(state)}` })),
        ]}
      />
      <Input.Search
        key={`find ${filter.find}`}
        allowClear
        className="devices-filter"
        placeholder={t('find')}
        aria-label={t('find')}
        defaultValue={filter.find}
        onSearch={(find) => onChange({ find })}
      />
      <ProductSelect
        className="devices-filter"
        allowClear
        placeholder={t('allProducts')}
        aria-label={t('product')}
        value={filter.product || undefined}
        onChange={(product) => onChange({ product: typeof product === 'string' ? product : '' })}
      />
      <Input.Search
        key={`tag ${filter.tag}`}
        allowClear
        className="devices-filter"
        placeholder={t('findTag')}
        aria-label={t('findTag')}
        defaultValue={filter.tag}
        onSearch={(tag) => onChange({ tag })}
      />
      <Select
        aria-label={t('transportTitle')}
        value={filter.transport}
        onChange={(transport) => onChange({ transport })}
        options={[
          { value: '', label: t('transport.all') },
          ...TRANSPORTS.map((transport) => ({ value: transport, label: t(`transport.${transport}`) })),
        ]}
        style={{ minWidth: 140 }}
      />
      <Input.Search
        key={`firmware ${filter.firmware}`}
        allowClear
        className="devices-filter-short"
        placeholder={t('firmware')}
        aria-label={t('firmware')}
        defaultValue={filter.firmware}
        onSearch={(firmware) => onChange({ firmware })}
      />
    </>
  );
}
