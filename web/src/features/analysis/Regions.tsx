// Where devices are: a ranking and a table with shares.
import type { ReactNode } from 'react';

import { useOperation, type Answer } from '../../api';
import {
  Alert,
  Button,
  Chart,
  count,
  csvText,
  Empty,
  icons,
  percent,
  ResourceTable,
  saveText,
  Segmented,
  type Column,
} from '../../kit';
import type { Asked } from './AnalysisPage';
import { useTexts } from './texts';

type Region = Answer<'DescribeDeviceDistribution'>['Regions'][number];

const RANKED = 15;

export function Regions({
  asked,
  filters,
  population,
  onPopulation,
}: {
  asked: Asked;
  filters: ReactNode;
  population: string;
  onPopulation: (population: string) => void;
}) {
  const t = useTexts();
  const { ProjectId, ProductId, range } = asked;
  const request = {
    StartDate: range.first,
    EndDate: range.last,
    ProjectId,
    ProductId,
    Population: population === 'activated' ? 'activated' : 'active',
  };
  const { data, error, isPending, refetch } = useOperation('DescribeDeviceDistribution', request, {
    keep: true,
  });
  const regions = data?.Regions ?? [];
  const total = data?.Total ?? 0;
  const nameOf = ({ Kind, Country, Province, City }: Region) => {
    if (Kind === 'private') return t('region.private');
    if (Kind === 'unknown') return t('region.unknown');
    return [...new Set([Country, Province, City])].filter(Boolean).join(' ');
  };
  const share = (region: Region) => (total > 0 ? region.Devices / total : 0);
  const columns: Column<Region>[] = [
    { key: 'place', title: t('region.place'), fixed: true, render: (region) => <bdi>{nameOf(region)}</bdi> },
    {
      key: 'country',
      title: t('region.country'),
      extra: true,
      render: ({ Country }) => <bdi>{Country}</bdi>,
    },
    {
      key: 'province',
      title: t('region.province'),
      extra: true,
      render: ({ Province }) => <bdi>{Province}</bdi>,
    },
    { key: 'city', title: t('region.city'), extra: true, render: ({ City }) => <bdi>{City}</bdi> },
    { key: 'devices', title: t('region.devices'), align: 'right', render: ({ Devices }) => count(Devices) },
    { key: 'share', title: t('region.share'), align: 'right', render: (region) => percent(share(region)) },
  ];
  const save = () => {
    const head = ['country', 'province', 'city', 'devices', 'share'].map((key) =>
      t(`region.${key as 'country'}`),
    );
    const rows = regions.map((region) => [
      region.Kind === 'place' ? region.Country : nameOf(region),
      region.Province,
      region.City,
      String(region.Devices),
      share(region).toFixed(4),
    ]);
    saveText(`regions-${range.first}-${range.last}.csv`, csvText([head, ...rows]), 'text/csv');
  };
  const ranked = regions.slice(0, RANKED);
  const nowhere = regions.length > 0 && regions.every((region) => region.Kind !== 'place');
  return (
    <div className="analysis-part">
      <div className="analysis-filters">
        {filters}
        <Segmented
          value={request.Population}
          onChange={onPopulation}
          aria-label={t('region.population')}
          options={[
            { value: 'active', label: t('region.active') },
            { value: 'activated', label: t('region.activated') },
          ]}
        />
      </div>
      {nowhere && <Alert type="info" showIcon title={t('region.noDatabase')} />}
      {regions.length > 0 && (
        <Chart
          kind="rank"
          title={t('region.title')}
          about={t('region.about')}
          placeTitle={t('region.place')}
          places={ranked.map(nameOf)}
          series={[{ name: t('region.devices'), values: ranked.map((region) => region.Devices) }]}
          height={Math.max(120, 40 + ranked.length * 26)}
          file={`regions-${range.first}-${range.last}`}
        />
      )}
      <ResourceTable
        id="regions"
        label={t('region.table')}
        columns={columns}
        rows={data?.Regions}
        rowKey={(region) => [region.Kind, region.Country, region.Province, region.City].join('|')}
        loading={isPending}
        error={error}
        refresh={() => void refetch()}
        filters={
          <Button icon={<icons.DownloadOutlined />} disabled={regions.length === 0} onClick={save}>
            {t('region.save')}
          </Button>
        }
        empty={<Empty title={t('region.noneTitle')}>{t('region.none')}</Empty>}
      />
    </div>
  );
}
