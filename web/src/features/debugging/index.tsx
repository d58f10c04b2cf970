import type { Feature } from '../../app/feature';
import { icons } from '../../kit';
import { text } from './texts';

/** Online debugging and virtual devices. */
export const feature: Feature = {
  id: 'debugging',
  pages: [
    {
      path: '/debugging',
      load: () => import('./DebuggingPage'),
      title: () => text('title'),
      menu: { section: 'devices', order: 5, icon: <icons.BugOutlined /> },
      example: '/debugging?product=$productId&device=$deviceName',
      needs: ['ControlDeviceData', 'CallDeviceActionSync', 'StartVirtualDevice', 'PublishMessage'],
    },
  ],
};
