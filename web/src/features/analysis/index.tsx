import type { Feature } from '../../app/feature';
import { icons } from '../../kit';
import { text } from './texts';

/** What happened to devices and messages, day by day. */
export const feature: Feature = {
  id: 'analysis',
  pages: [
    {
      path: '/analysis',
      load: () => import('./AnalysisPage'),
      title: () => text('title'),
      menu: { section: 'insight', order: 1, icon: <icons.BarChartOutlined /> },
      needs: ['DescribeDeviceDataStats', 'DescribeMessageOverview', 'DescribeDeviceDistribution'],
    },
  ],
};
