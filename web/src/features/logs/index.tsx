import type { Feature } from '../../app/feature';
import { icons } from '../../kit';
import { text } from './texts';

export { DeviceLogs } from './DeviceLogs';

/** What devices said, were told and went through: live and out of the past. */
export const feature: Feature = {
  id: 'logs',
  pages: [
    {
      path: '/logs',
      load: () => import('./LogsPage'),
      title: () => text('title'),
      menu: { section: 'insight', order: 30, icon: <icons.FileTextOutlined /> },
      needs: ['DescribeLogs'],
    },
  ],
};
