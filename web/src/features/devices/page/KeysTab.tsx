// What the device proves itself with: its key, shown when asked for, and exchanged; or the private key of its certificate.
import { useState } from 'react';

import { useChange, useOperation } from '../../../api';
import {
  Alert,
  Button,
  Danger,
  Facts,
  FailureNote,
  GuardedButton,
  icons,
  Id,
  notice,
  saveText,
  Secret,
  Skeleton,
} from '../../../kit';
import { useTexts } from '../texts';
import { keyOf, type DeviceView } from './device';

/** Bytes of a new key. */
const KEY_BYTES = 16;

function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return btoa(String.fromCharCode(...bytes));
}

export default function KeysTab({ view }: { view: DeviceView }) {
  const t = useTexts();
  const { data, error } = useOperation('DescribeDeviceLogin', keyOf(view));
  const [asking, setAsking] = useState(false);
  const change = useChange('UpdateDevicePSK', [
    'DescribeDeviceLogin',
    'DescribeDevice',
    'DescribeDeviceState',
  ]);
  if (!data) return error ? <FailureNote error={error} /> : <Skeleton active />;
  return (
    <div className="devices-settings">
      {data.Certificate ? (
        <CertificateKey view={view} />
      ) : (
        <section>
          <Facts
            facts={[
              {
                label: t('keys.secret'),
                value: <Secret value={data.DevicePsk} label={t('keys.secret')} />,
                wide: true,
              },
              { label: t('keys.identity'), value: <Id value={data.PskIdentity} /> },
              {
                label: t('keys.hex'),
                value: <Secret value={data.PskHex} label={t('keys.hex')} />,
                wide: true,
              },
            ]}
          />
          <GuardedButton
            danger
            operation="UpdateDevicePSK"
            icon={<icons.ReloadOutlined />}
            onClick={() => setAsking(true)}
          >
            {t('keys.reset')}
          </GuardedButton>
          <Danger
            open={asking}
            title={t('keys.resetTitle', { name: view.DeviceName })}
            action={t('keys.reset')}
            onConfirm={async () => {
              await change.mutateAsync({ ...keyOf(view), Psk: newKey() });
              notice.done(t('keys.resetDone'));
            }}
            onClose={() => setAsking(false)}
          >
            <p>{t('keys.resetText')}</p>
          </Danger>
        </section>
      )}
      <section>
        <h2 className="devices-subtitle">{t('keys.authority')}</h2>
        <p className="kit-faint">{t('keys.authorityText')}</p>
        <Button icon={<icons.DownloadOutlined />} onClick={() => saveText('ca.pem', data.CaCertificate)}>
          ca.pem
        </Button>
      </section>
    </div>
  );
}

function CertificateKey({ view }: { view: DeviceView }) {
  const t = useTexts();
  const issue = useChange('DescribeDeviceClientKey');
  return (
    <section>
      <Alert type="info" showIcon title={t('keys.certificate')} description={t('keys.certificateText')} />
      <div className="devices-send">
        <GuardedButton
          operation="DescribeDeviceClientKey"
          icon={<icons.KeyOutlined />}
          loading={issue.isPending}
          onClick={() => issue.mutate(keyOf(view))}
        >
          {t('keys.show')}
        </GuardedButton>
        {issue.data && (
          <Button
            icon={<icons.DownloadOutlined />}
            onClick={() => saveText(`${view.DeviceName}.key.pem`, issue.data.ClientKey)}
          >
            {view.DeviceName}.key.pem
          </Button>
        )}
      </div>
      <FailureNote error={issue.error} />
    </section>
  );
}
