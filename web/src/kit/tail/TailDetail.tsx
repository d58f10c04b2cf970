// Everything of one row, below the list, so that nothing moves while one reads.
import { Button, Segmented } from 'antd';

import { CopyButton, Id } from '../Copy';
import { Facts, type Fact } from '../Facts';
import { bytes } from '../numbers';
import { exact } from '../Time';
import { fullPayload, payloadBytes, type Decoding, type LogRow } from './row';
import { labelOf } from './TailList';
import { useTexts } from './texts';

export interface TailDetailProps {
  row: LogRow;
  decoding: Decoding;
  onDecoding: (decoding: Decoding) => void;
  onClose: () => void;
}

export function TailDetail({ row, decoding, onDecoding, onClose }: TailDetailProps) {
  const t = useTexts();
  const body = bodyOf(row, decoding);
  const fields: [string, string | undefined, boolean?][] = [
    [t('field.time'), `${exact(row.Time)} · ${new Date(row.Time).toISOString()}`],
    [t('field.device'), row.DeviceName, true],
    [t('field.product'), row.ProductId, true],
    [t('field.topic'), row.Topic, true],
    [t('field.qos'), row.QoS?.toString()],
    [t('field.source'), row.Source],
    [t('field.code'), row.Code?.toString()],
    [t('field.reason'), row.Reason, true],
    [t('field.detail'), row.Detail],
    [t('field.result'), row.Result],
    [t('field.command'), row.CommandId, true],
    [t('field.token'), row.ClientToken, true],
    [t('field.state'), row.State],
    [t('field.status'), row.Status],
    [t('field.deviceTime'), row.DeviceTime === undefined ? undefined : exact(row.DeviceTime)],
    [t('field.size'), row.Payload === undefined ? undefined : bytes(payloadBytes(row).length)],
    [t('field.place'), row.Seq],
  ];
  const facts: Fact[] = fields
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([label, value = '', copied]) => ({
      label,
      value: copied ? <Id value={value} /> : <bdi>{value}</bdi>,
    }));
  return (
    <section className="kit-tail-detail" aria-label={t('details')}>
      <div className="kit-tail-detail-bar">
        <strong>{labelOf(row)}</strong>
        <CopyButton value={JSON.stringify(row, null, 2)} label={t('copyRow')} />
        {row.What === 'Message' && <DecodingSwitch value={decoding} onChange={onDecoding} />}
        <Button size="small" onClick={onClose}>
          {t('close')}
        </Button>
      </div>
      <Facts facts={facts} />
      {body !== '' && (
        <div className="kit-code-block">
          <pre tabIndex={0}>
            <bdi>{body}</bdi>
          </pre>
          <CopyButton value={body} />
        </div>
      )}
    </section>
  );
}

function bodyOf(row: LogRow, decoding: Decoding): string {
  switch (row.What) {
    case 'Message':
      return fullPayload(row, decoding);
    case 'Value':
      return JSON.stringify(row.Values, null, 2);
    case 'DeviceLog':
      return row.Text ?? '';
    default:
      return [row.Params, row.Response].filter(Boolean).map(pretty).join('\n\n');
  }
}

function pretty(json: string | undefined): string {
  try {
    return JSON.stringify(JSON.parse(json ?? ''), null, 2);
  } catch {
    return json ?? '';
  }
}

/** Raw, JSON or hex. */
export function DecodingSwitch({
  value,
  onChange,
}: {
  value: Decoding;
  onChange: (value: Decoding) => void;
}) {
  const t = useTexts();
  return (
    <Segmented<Decoding>
      size="small"
      aria-label={t('decoding.label')}
      value={value}
      onChange={onChange}
      options={[
        { value: 'raw', label: t('decoding.raw') },
        { value: 'json', label: t('decoding.json') },
        { value: 'hex', label: t('decoding.hex') },
      ]}
    />
  );
}
