// Activation codes: what the account has used of them, what happens at their end, and the pools of an instance.
import { useOperation } from '../../api';
import {
  Card,
  count,
  Facts,
  FailureNote,
  Meter,
  Page,
  ResourceTable,
  Select,
  Skeleton,
  useAddress,
  type Column,
} from '../../kit';
import './activation.css';
import { DEVICE_KINDS, left, type Codes } from './codes';
import { Pools } from './Pools';
import { useTexts } from './texts';
import { useCodes } from './useCodes';

export default function ActivationPage() {
  const t = useTexts();
  const [{ instance }, setAddress] = useAddress({ instance: '' });
  const { codes, instances, loading, error } = useCodes();
  const shown = instances.includes(instance) ? instance : (instances[0] ?? '');
  return (
    <Page title={t('title')} about={t('about')}>
      <FailureNote error={error} />
      <Card size="small" title={t('use.title')}>
        {codes ? <Meters codes={codes} /> : loading && <Skeleton active />}
      </Card>
      <Card size="small" title={t('out.title')}>
        <ul className="activation-out">
          <li>{t('out.none')}</li>
          <li>{t('out.batch')}</li>
          <li>{t('out.stay')}</li>
          <li>{t('out.who')}</li>
        </ul>
      </Card>
      {instances.length > 1 && (
        <label>
          {t('instance')}{' '}
          <Select
            value={shown}
            onChange={(value) => setAddress({ instance: value }, true)}
            options={instances.map((value) => ({ value, label: value }))}
            aria-label={t('instance')}
            style={{ minWidth: 200 }}
          />
        </label>
      )}
      {shown !== '' && (
        <>
          <Registered instance={shown} />
          <Pools instance={shown} />
          <Services instance={shown} />
        </>
      )}
    </Page>
  );
}

function Meters({ codes }: { codes: Codes }) {
  const t = useTexts();
  const [devices, bluetooth] = [left(codes, 'normal'), left(codes, 'bluetooth')];
  const number = (value: number | undefined) => (value === undefined ? t('use.unlimited') : count(value));
  return (
    <>
      <div className="activation-meters">
        {DEVICE_KINDS.map((kind) => (
          <Meter key={kind} label={t(`kind.${kind}`)} used={codes[kind].used} total={codes[kind].total}>
            <span className="kit-faint">{t(`takes.${kind}`)}</span>
          </Meter>
        ))}
      </div>
      <p>
        {t('use.left')}: {t('kind.normal')} <strong>{number(devices)}</strong> · {t('kind.bluetooth')}{' '}
        <strong>{number(bluetooth)}</strong>
      </p>
    </>
  );
}

function Registered({ instance }: { instance: string }) {
  const t = useTexts();
  const { data, error } = useOperation('DescribeActivateDevice', { InstanceId: instance });
  const of = data?.Data.RegisteredDeviceType;
  return (
    <Card size="small" title={t('devices.title')}>
      <FailureNote error={error} />
      {of && data && (
        <Facts
          facts={[
            { label: t('devices.total'), value: count(data.Data.DeviceActivationDetails.UsedDeviceNum) },
            { label: t('devices.direct'), value: count(of.NormalDeviceNum) },
            { label: t('devices.gateways'), value: count(of.GatewayDeviceNum) },
            { label: t('devices.subs'), value: count(of.SubDeviceNum) },
            { label: t('devices.video'), value: count(of.VideoDeviceNum) },
            {
              label: t('devices.bluetooth'),
              value: count(data.Data.RegisteredDeviceNetType.BluetoothDeviceNum),
            },
          ]}
        />
      )}
    </Card>
  );
}

interface Service {
  LicenseType: string;
  TotalNum: number;
  UsedNum: number;
}

/** Shown only where there are any: most installations have none. */
function Services({ instance }: { instance: string }) {
  const t = useTexts();
  const { data, error } = useOperation('DescribeActivateLicenseService', { InstanceId: instance });
  const columns: Column<Service>[] = [
    {
      key: 'name',
      title: t('services.name'),
      fixed: true,
      render: (service) => <bdi>{service.LicenseType}</bdi>,
    },
    {
      key: 'used',
      title: t('services.used'),
      fixed: true,
      render: ({ LicenseType, UsedNum, TotalNum }) => (
        <Meter label={LicenseType} used={UsedNum} total={TotalNum} />
      ),
    },
  ];
  if (!error && !data?.Data.length) return null;
  return (
    <Card size="small" title={t('services.title')}>
      <p className="kit-faint kit-lead">{t('services.about')}</p>
      <ResourceTable
        id="added-services"
        label={t('services.title')}
        columns={columns}
        rows={data?.Data}
        rowKey={(service) => service.LicenseType}
        error={error}
        empty={null}
      />
    </Card>
  );
}
