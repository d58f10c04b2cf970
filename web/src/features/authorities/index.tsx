import type { Feature } from '../../app/feature';
import { call } from '../../api';
import { icons } from '../../kit';
import { text } from './texts';

/** Certificate authorities of the account. */
export const feature: Feature = {
  id: 'authorities',
  pages: [
    {
      path: '/authorities',
      load: () => import('./AuthoritiesPage'),
      title: () => text('title'),
      menu: { section: 'administration', order: 20, icon: <icons.SafetyCertificateOutlined /> },
      needs: ['DescribePrivateCAs'],
    },
  ],
  find: async (typed, signal) => {
    const { CAs } = await call('DescribePrivateCAs', {}, signal);
    return CAs.filter((each) => each.CertName.toLowerCase().includes(typed.toLowerCase()))
      .slice(0, 5)
      .map((each) => ({
        key: `authority ${each.CertName}`,
        title: each.CertName,
        hint: text('title'),
        run: (go) => go(`/authorities?open=${encodeURIComponent(each.CertName)}`),
      }));
  },
};
