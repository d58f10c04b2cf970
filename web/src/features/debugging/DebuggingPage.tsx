// Online debugging and virtual devices: a form made from the product's model on one side, the device's live traffic on
// the other. On the second tab the server plays the device, and the same form says what the device says.
import { useMemo } from 'react';

import { useOperation } from '../../api';
import {
  DeviceSelect,
  Empty,
  FailureNote,
  Page,
  PageLink,
  ProductSelect,
  readModel,
  Skeleton,
  Tabs,
  useAddress,
} from '../../kit';
import './debugging.css';
import { OnlinePanel } from './OnlinePanel';
import { RunningList } from './RunningList';
import { useTexts } from './texts';
import { Traffic } from './Traffic';
import { StartButton, VirtualPanel } from './VirtualPanel';

export default function DebuggingPage() {
  const t = useTexts();
  const [{ product, device, tab, part }, setAddress] = useAddress({
    product: '',
    device: '',
    tab: 'online',
    part: '',
  });
  return (
    <Page title={t('title')} about={t('about')}>
      <div className="debugging-pickers">
        <ProductSelect<string>
          value={product || undefined}
          onChange={(chosen) => setAddress({ product: chosen, device: '' }, true)}
        />
        <DeviceSelect
          key={product}
          product={product}
          value={device || undefined}
          onChange={(chosen) => setAddress({ device: chosen }, true)}
        />
        {product && device && (
          <PageLink to={`/devices/${product}/${encodeURIComponent(device)}`}>{t('toDevice')}</PageLink>
        )}
      </div>
      {product && device ? (
        <Workplace
          key={`${product}/${device}`}
          product={product}
          device={device}
          tab={tab}
          part={part}
          onTab={(chosen) => setAddress({ tab: chosen, part: '' }, true)}
          onPart={(chosen) => setAddress({ part: chosen })}
        />
      ) : (
        <>
          <Empty
            title={t('chooseTitle')}
            action={
              product && (
                <StartButton
                  product={product}
                  onStarted={(started) => setAddress({ device: started, tab: 'virtual' }, true)}
                />
              )
            }
          >
            {product ? t('chooseDeviceText') : t('chooseText')}
          </Empty>
          <RunningList product={product} />
        </>
      )}
    </Page>
  );
}

interface WorkplaceProps {
  product: string;
  device: string;
  tab: string;
  part: string;
  onTab: (tab: string) => void;
  onPart: (part: string) => void;
}

function Workplace({ product, device, tab, part, onTab, onPart }: WorkplaceProps) {
  const t = useTexts();
  const read = useOperation('DescribeModelDefinition', { ProductId: product });
  const json = read.data?.Model.ModelDefine;
  const model = useMemo(() => readModel(json), [json]);
  if (read.error) return <FailureNote error={read.error} />;
  if (!read.data) return <Skeleton active />;
  const panel = { product, device, model, part, onPart };
  return (
    <div className="debugging-workplace">
      <div className="debugging-left">
        <Tabs
          activeKey={tab === 'virtual' ? 'virtual' : 'online'}
          onChange={onTab}
          items={[
            { key: 'online', label: t('online.title'), children: <OnlinePanel {...panel} /> },
            { key: 'virtual', label: t('virtual.title'), children: <VirtualPanel {...panel} /> },
          ]}
          destroyOnHidden
        />
      </div>
      <Traffic product={product} device={device} />
    </div>
  );
}
