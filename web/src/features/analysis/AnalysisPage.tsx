// Operation analysis: totals and curves of devices, where they are, and messages, of all products or of one.
import { useOperation } from '../../api';
import { FailureNote, Page, Skeleton, Tabs, useAddress } from '../../kit';
import { useProjectId } from '../projects/current';
import './analysis.css';
import { DeviceCurves } from './DeviceCurves';
import { Filters } from './Filters';
import { MessageCurves } from './MessageCurves';
import { rangeOf, type Range } from './range';
import { Regions } from './Regions';
import { useTexts } from './texts';

/** Which products and days are looked at. */
export interface Asked {
  ProjectId?: string;
  ProductId?: string;
  range: Range;
}

const TODAY_EVERY_MS = 60_000;
const DEFAULTS = { tab: 'devices', product: '', days: 30, from: '', to: '', population: 'active' };

export default function AnalysisPage() {
  const t = useTexts();
  // Only the server knows which day it counts for.
  const { data, error, refetch } = useOperation(
    'DescribeOverview',
    {},
    { keep: true, every: TODAY_EVERY_MS },
  );
  return (
    <Page title={t('title')} about={t('about')}>
      <FailureNote error={error} retry={() => void refetch()} />
      {data ? <Parts today={data.Today} /> : !error && <Skeleton active />}
    </Page>
  );
}

function Parts({ today }: { today: string }) {
  const t = useTexts();
  const [address, setAddress] = useAddress(DEFAULTS);
  const project = useProjectId();
  const range = rangeOf(address, today);
  const asked: Asked = {
    ProjectId: project || undefined,
    ProductId: address.product || undefined,
    range,
  };
  const filters = <Filters project={project} address={address} range={range} onChange={setAddress} />;
  return (
    <Tabs
      activeKey={address.tab}
      onChange={(tab) => setAddress({ tab }, true)}
      destroyOnHidden
      items={[
        {
          key: 'devices',
          label: t('tab.devices'),
          children: <DeviceCurves asked={asked} filters={filters} />,
        },
        {
          key: 'regions',
          label: t('tab.regions'),
          children: (
            <Regions
              asked={asked}
              filters={filters}
              population={address.population}
              onPopulation={(population) => setAddress({ population }, true)}
            />
          ),
        },
        {
          key: 'messages',
          label: t('tab.messages'),
          children: <MessageCurves asked={asked} filters={filters} />,
        },
      ]}
    />
  );
}
