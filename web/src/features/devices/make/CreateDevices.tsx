// Making one device or many. What they need to connect is shown once they are there, and can be saved.
import { useState } from 'react';

import { useChange, type Answer } from '../../../api';
import {
  Alert,
  Button,
  Drawer,
  FailureNote,
  Form,
  icons,
  Input,
  InputNumber,
  PageLink,
  ProductSelect,
  ResourceTable,
  saveText,
  Secret,
  Segmented,
} from '../../../kit';
import { deviceAddress } from '../address';
import { useTexts } from '../texts';

type Made = Answer<'CreateDevices'>['Devices'];
type Way = 'one' | 'names' | 'numbered';

const NAME = /^[A-Za-z0-9:_-]{1,48}$/;
/** Devices that one request may make. */
const MOST = 1_000;

/** Names as people paste them: one a line, or with commas or spaces between. */
function namesIn(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).filter((name) => name !== ''))];
}

/** A field of CSV that holds anything. */
const field = (text: string) => `"${text.replaceAll('"', '""')}"`;

export function CreateDevices({ product, onClose }: { product: string; onClose: () => void }) {
  const t = useTexts();
  const [productId, setProduct] = useState(product);
  const [way, setWay] = useState<Way>('one');
  const [name, setName] = useState('');
  const [names, setNames] = useState('');
  const [prefix, setPrefix] = useState('');
  const [number, setNumber] = useState(10);
  const create = useChange('CreateDevices', ['SearchDevices', 'SearchStudioProduct']);
  const listed = way === 'one' ? [name.trim()] : namesIn(names);
  const bad = listed.filter((each) => !NAME.test(each));
  const fits =
    productId !== '' &&
    (way === 'numbered'
      ? NAME.test(prefix) && number >= 1 && number <= MOST
      : listed.length >= 1 && listed.length <= MOST && bad.length === 0);
  const run = () =>
    create.mutate(
      way === 'numbered'
        ? { ProductId: productId, Prefix: prefix, Count: number }
        : { ProductId: productId, DeviceNames: listed },
    );
  const made = create.data?.Devices;
  return (
    <Drawer
      open
      size="large"
      title={t('create.title')}
      onClose={onClose}
      footer={
        made ? (
          <Button type="primary" onClick={onClose}>
            {t('create.close')}
          </Button>
        ) : (
          <Button type="primary" disabled={!fits} loading={create.isPending} onClick={run}>
            {t('create.run')}
          </Button>
        )
      }
    >
      {made ? (
        <MadeDevices productId={productId} made={made} />
      ) : (
        <Form layout="vertical" onSubmitCapture={(event) => event.preventDefault()}>
          <Form.Item label={t('product')} required>
            <ProductSelect
              aria-label={t('product')}
              placeholder={t('create.chooseProduct')}
              value={productId || undefined}
              onChange={(chosen: string) => setProduct(chosen)}
            />
          </Form.Item>
          <Form.Item>
            <Segmented<Way>
              aria-label={t('create.way')}
              value={way}
              onChange={setWay}
              options={[
                { value: 'one', label: t('create.one') },
                { value: 'names', label: t('create.names') },
                { value: 'numbered', label: t('create.numbered') },
              ]}
            />
          </Form.Item>
          {way === 'one' && (
            <Form.Item
              label={t('name')}
              extra={t('create.nameRule')}
              validateStatus={name !== '' && bad.length > 0 ? 'error' : undefined}
            >
              <Input
                autoFocus
                aria-label={t('name')}
                value={name}
                maxLength={48}
                onChange={(event) => setName(event.target.value)}
                onPressEnter={() => fits && run()}
              />
            </Form.Item>
          )}
          {way === 'names' && (
            <Form.Item
              label={t('create.listed')}
              extra={t('create.nameRule')}
              validateStatus={bad.length > 0 ? 'error' : undefined}
              help={bad.length > 0 ? t('create.bad', { names: bad.slice(0, 5).join(', ') }) : undefined}
            >
              <Input.TextArea
                aria-label={t('create.listed')}
                autoSize={{ minRows: 4, maxRows: 16 }}
                value={names}
                onChange={(event) => setNames(event.target.value)}
              />
            </Form.Item>
          )}
          {way === 'numbered' && (
            <>
              <Form.Item label={t('create.prefix')} extra={t('create.prefixRule')}>
                <Input
                  aria-label={t('create.prefix')}
                  value={prefix}
                  maxLength={40}
                  onChange={(event) => setPrefix(event.target.value)}
                />
              </Form.Item>
              <Form.Item label={t('create.count')}>
                <InputNumber
                  aria-label={t('create.count')}
                  min={1}
                  max={MOST}
                  value={number}
                  onChange={(value) => setNumber(value ?? 1)}
                />
              </Form.Item>
            </>
          )}
          <FailureNote error={create.error} />
        </Form>
      )}
    </Drawer>
  );
}

function MadeDevices({ productId, made }: { productId: string; made: Made }) {
  const t = useTexts();
  const once = made.some((device) => device.DevicePrivateKey !== '');
  const save = () => {
    const rows = made.map((device) =>
      [productId, device.DeviceName, device.DevicePsk, device.DeviceCert, device.DevicePrivateKey]
        .map(field)
        .join(','),
    );
    const head = 'ProductId,DeviceName,DevicePsk,DeviceCert,DevicePrivateKey';
    saveText('devices.csv', `\uFEFF${[head, ...rows].join('\r\n')}\r\n`, 'text/csv');
  };
  return (
    <>
      <Alert
        type={once ? 'warning' : 'success'}
        showIcon
        title={t('create.done', { count: made.length })}
        description={t(once ? 'create.once' : 'create.next')}
        action={
          <Button icon={<icons.DownloadOutlined />} onClick={save}>
            {t('create.save')}
          </Button>
        }
        style={{ marginBottom: 16 }}
      />
      <ResourceTable
        id="devices-made"
        label={t('create.title')}
        rows={made}
        rowKey={(device) => device.DeviceName}
        columns={[
          {
            key: 'name',
            title: t('name'),
            fixed: true,
            render: (device) => (
              <PageLink to={deviceAddress(productId, device.DeviceName, 'connect')}>
                <bdi className="kit-code">{device.DeviceName}</bdi>
              </PageLink>
            ),
          },
          {
            key: 'secret',
            title: t('create.credential'),
            fixed: true,
            render: (device) => (
              <Secret
                value={device.DevicePsk || device.DevicePrivateKey}
                label={device.DevicePsk ? t('keys.secret') : t('keys.privateKey')}
              />
            ),
          },
        ]}
        empty={null}
      />
    </>
  );
}
