// Which product, which days.
import { Input, ProductSelect, Select } from '../../kit';
import { OFFERED, type Range } from './range';
import { useTexts } from './texts';

const CUSTOM = 0;

export interface FilterAddress {
  product: string;
  days: number;
  from: string;
  to: string;
}

export function Filters({
  project,
  address,
  range,
  onChange,
}: {
  project: string;
  address: FilterAddress;
  range: Range;
  onChange: (change: Partial<FilterAddress>, keep?: boolean) => void;
}) {
  const t = useTexts();
  const custom = address.from !== '' && address.to !== '';
  const choose = (days: number) => {
    if (days === CUSTOM) onChange({ from: range.first, to: range.last }, true);
    else onChange({ days, from: '', to: '' }, true);
  };
  return (
    <div className="analysis-filters">
      <ProductSelect<string>
        project={project || undefined}
        value={address.product || undefined}
        onChange={(product) => onChange({ product: product ?? '' }, true)}
        allowClear
        placeholder={t('filter.product')}
        aria-label={t('filter.productLabel')}
        style={{ minWidth: 200 }}
      />
      <Select
        value={custom ? CUSTOM : address.days}
        onChange={choose}
        aria-label={t('filter.range')}
        style={{ minWidth: 140 }}
        options={[
          ...OFFERED.map((days) => ({ value: days as number, label: t('filter.days', { number: days }) })),
          { value: CUSTOM, label: t('filter.custom') },
        ]}
      />
      {custom && (
        <>
          <Input
            type="date"
            value={address.from}
            max={address.to}
            aria-label={t('filter.from')}
            onChange={(event) => event.target.value && onChange({ from: event.target.value })}
            className="analysis-date"
          />
          <Input
            type="date"
            value={address.to}
            min={address.from}
            aria-label={t('filter.to')}
            onChange={(event) => event.target.value && onChange({ to: event.target.value })}
            className="analysis-date"
          />
        </>
      )}
    </div>
  );
}
