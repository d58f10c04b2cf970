// One device: how it stands and why we think so, and in tabs what it says, what it can be told, and how it connects.
import { lazy, Suspense } from 'react';

import { useOperation } from '../../../api';
import {
  Facts,
  FailureNote,
  Id,
  Page,
  PageLink,
  Skeleton,
  spanText,
  Tabs,
  Tag,
  Time,
  useAddress,
  usePathValues,
} from '../../../kit';
import { useLive } from '../../../live';
import '../devices.css';
import { DeviceState } from '../State';
import { useTexts } from '../texts';
import type { DeviceKey, DeviceView } from './device';
import { useDeviceModel } from './model';

const TABS = {
  now: lazy(() => import('./NowTab')),
  charts: lazy(() => import('./ChartsTab')),
  control: lazy(() => import('./ControlTab')),
  events: lazy(() => import('./EventsTab')),
  actions: lazy(() => import('./ActionsTab')),
  commands: lazy(() => import('./CommandsTab')),
  logs: lazy(() => import('./LogsTab')),
  connect: lazy(() => import('./ConnectTab')),
  keys: lazy(() => import('./KeysTab')),
  topics: lazy(() => import('./TopicsTab')),
  settings: lazy(() => import('./SettingsTab')),
} as const;
type Tab = keyof typeof TABS;
const isTab = (text: string): text is Tab => text in TABS;

const EVERY_MS = 5_000;

export default function DevicePage() {
  const { productId, deviceName } = usePathValues<'productId' | 'deviceName'>();
  return <OneDevice key={`${productId}/${deviceName}`} productId={productId} deviceName={deviceName} />;
}

function OneDevice({ productId, deviceName }: { productId: string; deviceName: string }) {
  const t = useTexts();
  const device: DeviceKey = { ProductId: productId, DeviceName: deviceName };
  const state = useOperation('DescribeDeviceState', device, { every: EVERY_MS });
  const product = useOperation('DescribeStudioProduct', { ProductId: productId });
  const tags = useOperation('DescribeDeviceTags', device);
  const model = useDeviceModel(productId);
  useLive(
    { Kind: 'Device', ...device, What: ['Presence'] },
    { events: () => void state.refetch({ cancelRefetch: false }) },
  );
  const [{ tab }, setAddress] = useAddress({ tab: '' });
  // A device that never connected is on the page because somebody wants to connect it.
  const shown: Tab = isTab(tab) ? tab : state.data?.State === 'inactive' ? 'connect' : 'now';
  const productName = product.data?.Product.ProductName ?? productId;
  const crumbs = [
    { title: t('title'), path: '/devices' },
    { title: <bdi>{productName}</bdi>, path: `/devices?product=${productId}` },
    { title: deviceName },
  ];
  const Shown = TABS[shown];
  const view: DeviceView | undefined = state.data && { ...device, state: state.data, model: model.data };
  return (
    <Page
      title={
        <span className="devices-title">
          {deviceName} {state.data && <DeviceState state={state.data.State} />}
        </span>
      }
      name={deviceName}
      crumbs={crumbs}
    >
      <FailureNote error={state.error} retry={() => void state.refetch()} />
      {!state.data && !state.error && <Skeleton active />}
      {view && (
        <>
          <div className="devices-head">
            <Evidence view={view} productName={productName} tags={tags.data?.Tags ?? []} />
          </div>
          <Tabs
            activeKey={shown}
            onChange={(next) => setAddress({ tab: next }, true)}
            items={(Object.keys(TABS) as Tab[]).map((key) => ({ key, label: t(`tab.${key}`) }))}
          />
          <Suspense fallback={<Skeleton active />}>
            <Shown view={view} />
          </Suspense>
        </>
      )}
    </Page>
  );
}

function Evidence({
  view,
  productName,
  tags,
}: {
  view: DeviceView;
  productName: string;
  tags: { Key: string; Value: string }[];
}) {
  const t = useTexts();
  const { state } = view;
  const online = state.State === 'online';
  const ever = state.ActivateTime !== null && state.ActivateTime !== undefined;
  return (
    <Facts
      facts={[
        {
          label: t('product'),
          value: (
            <PageLink to={`/products/${view.ProductId}`}>
              <bdi>{productName}</bdi>
            </PageLink>
          ),
        },
        { label: t('evidence.id'), value: <Id value={`${view.ProductId}${view.DeviceName}`} /> },
        ever && {
          label: t(online ? 'evidence.onlineSince' : 'evidence.offlineSince'),
          value: <Time at={state.Since} />,
        },
        ever && {
          label: t('evidence.connection'),
          value: (
            <span className="kit-code">
              {[
                state.Transport?.toUpperCase(),
                state.MqttVersion && `MQTT ${state.MqttVersion}`,
                state.Address,
              ]
                .filter(Boolean)
                .join(' · ')}
            </span>
          ),
        },
        online &&
          state.KeepAlive !== null &&
          state.KeepAlive !== undefined && {
            label: t('evidence.keepAlive'),
            value: state.KeepAlive === 0 ? t('evidence.noKeepAlive') : spanText(state.KeepAlive * 1000),
          },
        ever && { label: t('evidence.lastReport'), value: <Time at={state.LastReportTime} /> },
        state.LastOfflineTime
          ? { label: t('evidence.lastOffline'), value: <Time at={state.LastOfflineTime} /> }
          : undefined,
        state.Session !== null &&
          state.Session !== undefined && {
            label: t('evidence.queue'),
            value: t('evidence.queued', { queued: state.Session.Queued, most: state.Session.MaxQueued }),
          },
        state.FirmwareVersion
          ? { label: t('firmware'), value: <bdi>{state.FirmwareVersion}</bdi> }
          : undefined,
        { label: t('created'), value: <Time at={state.CreateTime} /> },
        tags.length > 0 && {
          label: t('tags'),
          value: tags.map((tag) => (
            <Tag key={tag.Key}>
              <bdi>
                {tag.Key}={tag.Value}
              </bdi>
            </Tag>
          )),
        },
        state.LastCauseText
          ? {
              label: t('evidence.lastCause'),
              wide: true,
              value: state.LastCauseDetail
                ? `${state.LastCauseText} (${state.LastCauseDetail})`
                : state.LastCauseText,
            }
          : undefined,
        !state.ProductEnabled && {
          label: t('stateTitle'),
          wide: true,
          value: t('evidence.productDisabled'),
        },
      ]}
    />
  );
}
