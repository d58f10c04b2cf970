import type { Feature } from '../../app/feature';
import { call } from '../../api';
import { icons } from '../../kit';
import { text } from './texts';

/** Applications: their keys, the products that they serve, and who uses which device. */
export const feature: Feature = {
  id: 'applications',
  pages: [
    {
      path: '/applications',
      load: () => import('./ApplicationsPage'),
      title: () => text('title'),
      menu: { section: 'build', order: 10, icon: <icons.MobileOutlined /> },
      needs: ['DescribeApplications'],
    },
    {
      path: '/applications/$id',
      load: () => import('./ApplicationPage'),
      title: () => text('title'),
      needs: ['DescribeApplication'],
      example: '/applications/$applicationId',
    },
  ],
  find: async (typed, signal) => {
    const { Applications } = await call('DescribeApplications', { AppName: typed, Limit: 5 }, signal);
    return Applications.map((application) => ({
      key: `application ${application.IotAppID}`,
      title: application.AppName,
      hint: text('title'),
      run: (go) => go(`/applications/${application.IotAppID}`),
    }));
  },
};
