import type { Feature } from '../../app/feature';
import { icons } from '../../kit';
import { text } from './texts';

/** Who manages this account, what they may do, and what they did. */
export const feature: Feature = {
  id: 'access',
  pages: [
    {
      path: '/access',
      load: () => import('./AccessPage'),
      title: () => text('title'),
      menu: { section: 'administration', order: 1, icon: <icons.TeamOutlined /> },
      needs: ['ListUsers', 'ListPolicies', 'ListAccessKeys'],
    },
    {
      path: '/audit',
      load: () => import('./AuditPage'),
      title: () => text('audit.title'),
      menu: { section: 'administration', order: 2, icon: <icons.AuditOutlined /> },
      needs: ['DescribeAuditLog'],
    },
  ],
};
