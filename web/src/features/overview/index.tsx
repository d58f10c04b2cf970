import type { Feature } from '../../app/feature';
import { icons } from '../../kit';
import { text } from './texts';

/** What a person sees first: how much goes on, and what should be looked at. */
export const feature: Feature = {
  id: 'overview',
  pages: [
    {
      path: '/overview',
      load: () => import('./OverviewPage'),
      title: () => text('title'),
      menu: { section: 'start', order: 1, icon: <icons.DashboardOutlined /> },
      needs: ['DescribeOverview'],
    },
    {
      path: '/attention',
      load: () => import('./AttentionPage'),
      title: () => text('attention.page'),
      menu: { section: 'start', order: 2, icon: <icons.WarningOutlined /> },
      needs: ['DescribeAttention'],
    },
  ],
  bar: { order: 1, load: () => import('./Bell') },
};
