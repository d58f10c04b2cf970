// What the device said last: a card for each property of the model, drawn again as reports come.
import { Empty, PageLink, shownValue, Time, type ModelField } from '../../../kit';
import { FailureNote, mayReport, Skeleton } from '../../../kit';
import { deviceAddress } from '../address';
import { useTexts } from '../texts';
import { keyOf, type DeviceView } from './device';
import { useLastValues, type Reported } from './model';

export default function NowTab({ view }: { view: DeviceView }) {
  const t = useTexts();
  const { values, error, loaded } = useLastValues(view);
  const properties = view.model?.properties.filter(mayReport) ?? [];
  if (!loaded || !view.model) return error ? <FailureNote error={error} /> : <Skeleton active />;
  if (properties.length === 0) {
    return (
      <Empty
        title={t('now.noModel')}
        action={<PageLink to={`/products/${view.ProductId}`}>{t('now.openModel')}</PageLink>}
      >
        {t('now.noModelText')}
      </Empty>
    );
  }
  const nothing = properties.every((property) => values[property.id] === undefined);
  return (
    <>
      {nothing && (
        <Empty
          title={t('now.nothing')}
          action={
            <PageLink to={deviceAddress(view.ProductId, view.DeviceName, 'connect')}>
              {t('tab.connect')}
            </PageLink>
          }
        >
          {t('now.nothingText')}
        </Empty>
      )}
      <ul className="devices-cards" aria-live="off">
        {properties.map((property) => (
          <PropertyCard key={property.id} view={view} property={property} reported={values[property.id]} />
        ))}
      </ul>
    </>
  );
}

function PropertyCard({
  view,
  property,
  reported,
}: {
  view: DeviceView;
  property: ModelField;
  reported: Reported | undefined;
}) {
  const t = useTexts();
  const { ProductId, DeviceName } = keyOf(view);
  const { type } = property;
  const number = typeof reported?.Value === 'number' ? reported.Value : undefined;
  const ranged =
    (type.kind === 'int' || type.kind === 'float') && type.min !== undefined && type.max !== undefined;
  const chart = `${deviceAddress(ProductId, DeviceName, 'charts')}&property=${encodeURIComponent(property.id)}`;
  return (
    <li className="devices-card">
      <div className="devices-card-head">
        <bdi title={property.about || undefined}>{property.name}</bdi>
        <code className="kit-code kit-faint">{property.id}</code>
      </div>
      <div className={isLong(type.kind) ? 'devices-card-value devices-card-long' : 'devices-card-value'}>
        {reported ? <bdi>{shownValue(type, reported.Value)}</bdi> : <span className="kit-faint">—</span>}
      </div>
      {ranged && number !== undefined && (
        <Range name={property.name} value={number} min={type.min ?? 0} max={type.max ?? 0} />
      )}
      <div className="devices-card-foot">
        <Time at={reported?.LastUpdate} />
        {(number !== undefined || type.kind === 'bool' || type.kind === 'enum') && (
          <PageLink to={chart}>{t('tab.charts')}</PageLink>
        )}
      </div>
    </li>
  );
}

/** Values that may take several lines. */
const isLong = (kind: string) => kind === 'struct' || kind === 'array' || kind === 'string';

/** Where in its range a value is. */
function Range({ name, value, min, max }: { name: string; value: number; min: number; max: number }) {
  const share = max > min ? Math.min(1, Math.max(0, (value - min) / (max - min))) : 0;
  return (
    <div
      className="devices-range"
      role="meter"
      aria-label={name}
      aria-valuemin={min}
      aria-valuemax={max}
      aria-valuenow={value}
    >
      <div style={{ width: `${share * 100}%` }} />
    </div>
  );
}
