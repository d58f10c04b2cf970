import type { Feature } from '../../app/feature';
import { icons } from '../../kit';
import { text } from './texts';

/** Activation codes: how many devices the account may make. */
export const feature: Feature = {
  id: 'activation',
  pages: [
    {
      path: '/activation',
      load: () => import('./ActivationPage'),
      title: () => text('title'),
      menu: { section: 'making', order: 2, icon: <icons.BarcodeOutlined /> },
      needs: ['DescribeLicenseOverview', 'DescribeActivateDevice'],
    },
  ],
};
