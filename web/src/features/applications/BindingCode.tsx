// The code that a user scans to bind a device, for one that was not made in a batch or lost its label.
import { useState } from 'react';

import { useChange } from '../../api';
import { Card, CopyButton, FailureNote, GuardedButton, Id, QrCode, Select } from '../../kit';
import { bindingText } from './binding';
import type { ChosenDevice } from './Devices';
import { useTexts } from './texts';

/** Seconds; the operation takes -1 for ten years. */
const spans = [
  { value: 3_600, word: 'hour' },
  { value: 86_400, word: 'day' },
  { value: -1, word: 'forever' },
] as const;

export function BindingCode({ device }: { device: ChosenDevice }) {
  const t = useTexts();
  const [expire, setExpire] = useState<number>(spans[0].value);
  const sign = useChange('GenSingleDeviceSignatureOfPublic');
  const signature = sign.data?.DeviceSignature.DeviceSignature;
  const text = signature && bindingText(device.ProductId, device.DeviceName, signature);
  return (
    <Card size="small" title={t('code.title')}>
      <div className="kit-stack">
        <div className="kit-line">
          <Select
            value={expire}
            onChange={(value) => {
              setExpire(value);
              sign.reset();
            }}
            options={spans.map(({ value, word }) => ({ value, label: t(`code.${word}`) }))}
            aria-label={t('code.holds')}
            style={{ minWidth: 120 }}
          />
          <GuardedButton
            operation="GenSingleDeviceSignatureOfPublic"
            type="primary"
            loading={sign.isPending}
            onClick={() => sign.mutate({ ...device, Expire: expire })}
          >
            {t('code.make')}
          </GuardedButton>
        </div>
        <p className="kit-faint">{t('device.fleeting')}</p>
        <FailureNote error={sign.error} />
        {signature && text && (
          <div className="applications-code">
            <QrCode text={text} label={t('code.label', { name: device.DeviceName })} size={180} />
            <div className="kit-stack">
              <div>
                <div className="kit-faint">{t('code.signature')}</div>
                <Id value={signature} />
              </div>
              <div>
                <div className="kit-faint">{t('code.text')}</div>
                <span className="kit-code applications-text">{text}</span>
                <CopyButton value={text} label={t('code.text')} />
              </div>
            </div>
          </div>
        )}
      </div>
    </Card>
  );
}
