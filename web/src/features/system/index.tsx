import type { Feature } from '../../app/feature';
import { icons } from '../../kit';
import { text } from './texts';

/** The running server, for the operator; and background jobs, for everyone. */
export const feature: Feature = {
  id: 'system',
  pages: [
    {
      path: '/system',
      load: () => import('./StatusPage'),
      title: () => text('status.title'),
      menu: { section: 'administration', order: 30, icon: <icons.CloudServerOutlined /> },
      needs: ['DescribeCounters'],
      operator: true,
    },
    {
      path: '/system/configuration',
      load: () => import('./ConfigurationPage'),
      title: () => text('configuration.title'),
      needs: ['DescribeConfiguration'],
      operator: true,
    },
    {
      path: '/system/certificates',
      load: () => import('./CertificatesPage'),
      title: () => text('certificates.title'),
      needs: ['DescribeServerCertificates'],
      operator: true,
    },
    {
      path: '/system/backups',
      load: () => import('./BackupsPage'),
      title: () => text('backups.title'),
      needs: ['DescribeBackups'],
      operator: true,
    },
    {
      path: '/system/storage',
      load: () => import('./StoragePage'),
      title: () => text('storage.title'),
      needs: ['DescribeStorage'],
      operator: true,
    },
    {
      path: '/system/counters',
      load: () => import('./CountersPage'),
      title: () => text('counters.title'),
      needs: ['DescribeCounters'],
      operator: true,
    },
    {
      path: '/system/about',
      load: () => import('./AboutPage'),
      title: () => text('about.title'),
      needs: ['DescribeAbout'],
      operator: true,
    },
    {
      path: '/jobs',
      load: () => import('./JobsPage'),
      title: () => text('jobs.title'),
      needs: ['DescribeJobs'],
    },
  ],
  bar: { order: 10, load: () => import('./JobsBell') },
};
