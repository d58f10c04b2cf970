import type { Feature } from '../../app/feature';
import { icons } from '../../kit';
import { text } from './texts';

/** One's own account. */
export const feature: Feature = {
  id: 'session',
  pages: [
    {
      path: '/account',
      load: () => import('./OwnAccountPage'),
      title: () => text('own'),
      menu: { section: 'administration', order: 90, icon: <icons.UserOutlined /> },
      needs: ['ChangePassword'],
    },
  ],
};
