// All devices of the account, a project or a product. The server finds, orders and counts; the browser holds one page. The
// whole filter stands in the address, can be kept under a name, and is what "all of these" means to the actions.
import { useState } from 'react';

import { useMay, useOperation, type Answer } from '../../../api';
import {
  Empty,
  GuardedButton,
  icons,
  Page,
  PageLink,
  ResourceTable,
  Tag,
  Time,
  useAddress,
  useGo,
  type Column,
} from '../../../kit';
import { useProjectId } from '../../projects/current';
import { deviceAddress } from '../address';
import '../devices.css';
import { CreateDevices } from '../make/CreateDevices';
import { keyOf, NO_FILTER, selectionOf, type Filter } from '../selection';
import { DeviceState } from '../State';
import { useTexts } from '../texts';
import { BulkBar } from './BulkBar';
import { Filters } from './Filters';
import { SavedViews } from './SavedViews';

type Device = Answer<'SearchDevices'>['Devices'][number];

const SORTS = { name: 'name', created: 'created', since: 'changed', online: 'last_online' } as const;
type Sort = keyof typeof SORTS;
const isSort = (text: string): text is Sort => text in SORTS;

export default function DevicesPage() {
  const t = useTexts();
  const may = useMay();
  const go = useGo();
  const [{ page, size, sort, down, make, ...filter }, setAddress] = useAddress({
    ...NO_FILTER,
    page: 1,
    size: 20,
    sort: 'created',
    down: true,
    make: false,
  });
  const [keys, setKeys] = useState<string[]>([]);
  const project = useProjectId();
  const selection = selectionOf(filter, project);
  const by: Sort = isSort(sort) ? sort : 'created';
  const list = useOperation(
    'SearchDevices',
    {
      Selection: selection,
      Sort: SORTS[by],
      Descending: down,
      Offset: (page - 1) * size,
      Limit: size,
      CountStates: true,
    },
    { keep: true, every: 10_000 },
  );
  const filtered = Object.entries(filter).some(([name, value]) => name !== 'product' && value !== '');
  const setFilter = (change: Partial<Filter>) => {
    setKeys([]);
    setAddress({ ...change, page: 1 });
  };
  const makeOne = (
    <GuardedButton
      operation="CreateDevices"
      type="primary"
      icon={<icons.PlusOutlined />}
      onClick={() => setAddress({ make: true })}
    >
      {t('create.title')}
    </GuardedButton>
  );
  return (
    <Page
      title={t('title')}
      about={t('about')}
      actions={
        <>
          <GuardedButton
            operation="ImportDevices"
            icon={<icons.UploadOutlined />}
            onClick={() =>
              go(filter.product ? `/devices/import?product=${filter.product}` : '/devices/import')
            }
          >
            {t('import.title')}
          </GuardedButton>
          {makeOne}
        </>
      }
    >
      <SavedViews filter={filter} sort={by} down={down} onChoose={(view) => setFilter(view)} />
      <ResourceTable
        id="devices"
        label={t('title')}
        columns={useColumns()}
        rows={list.data?.Devices}
        rowKey={keyOf}
        loading={list.isPending}
        error={list.error}
        refresh={() => void list.refetch()}
        filters={<Filters filter={filter} standing={list.data?.Standing} onChange={setFilter} />}
        sort={{
          by,
          descending: down,
          onChange: (next, descending) => setAddress({ sort: next, down: descending, page: 1 }),
        }}
        paging={{
          total: list.data?.Total ?? 0,
          page,
          size,
          onChange: (next, nextSize) => setAddress({ page: next, size: nextSize }, true),
        }}
        selection={{
          keys,
          onChange: setKeys,
          actions: (
            <BulkBar
              keys={keys}
              selection={selection}
              total={list.data?.Total ?? 0}
              onDone={() => setKeys([])}
            />
          ),
        }}
        empty={
          filtered ? (
            <Empty title={t('nothingFound')}>{t('nothingFoundText')}</Empty>
          ) : (
            <Empty title={t('emptyTitle')} action={may('CreateDevices') && makeOne}>
              {t('emptyText')}
            </Empty>
          )
        }
      />
      {make && <CreateDevices product={filter.product} onClose={() => setAddress({ make: false })} />}
    </Page>
  );
}

function useColumns(): Column<Device>[] {
  const t = useTexts();
  return [
    {
      key: 'name',
      title: t('name'),
      fixed: true,
      sortable: true,
      render: (device) => (
        <PageLink to={deviceAddress(device.ProductId, device.DeviceName)}>
          <bdi className="kit-code">{device.DeviceName}</bdi>
        </PageLink>
      ),
    },
    { key: 'state', title: t('stateTitle'), render: (device) => <DeviceState state={device.State} /> },
    {
      key: 'product',
      title: t('product'),
      render: (device) => (
        <PageLink to={`/products/${device.ProductId}`}>
          <bdi className="devices-product">{device.ProductName}</bdi>
        </PageLink>
      ),
    },
    { key: 'since', title: t('since'), sortable: true, render: (device) => <Time at={device.Since} /> },
    {
      key: 'tags',
      title: t('tags'),
      render: (device) =>
        device.Tags.map((tag) => (
          <Tag key={tag.Key}>
            <bdi>
              {tag.Key}={tag.Value}
            </bdi>
          </Tag>
        )),
    },
    { key: 'firmware', title: t('firmware'), render: (device) => <bdi>{device.FirmwareVersion}</bdi> },
    {
      key: 'transport',
      title: t('transportTitle'),
      extra: true,
      render: (device) => device.Transport?.toUpperCase(),
    },
    {
      key: 'address',
      title: t('address'),
      extra: true,
      render: (device) => <span className="kit-code">{device.Address}</span>,
    },
    {
      key: 'online',
      title: t('lastOnline'),
      extra: true,
      sortable: true,
      render: (device) => <Time at={device.LastOnlineTime} />,
    },
    { key: 'mqtt', title: t('mqttVersion'), extra: true, render: (device) => device.MqttVersion },
    {
      key: 'activated',
      title: t('activated'),
      extra: true,
      render: (device) => <Time at={device.ActivateTime} />,
    },
    {
      key: 'created',
      title: t('created'),
      sortable: true,
      render: (device) => <Time at={device.CreateTime} />,
    },
  ];
}
