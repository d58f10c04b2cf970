import type { Feature } from '../../app/feature';
import { text } from '../../kit/gallery/texts';

/** Every house component in use, for those who build pages. Reached from the palette. */
export const feature: Feature = {
  id: 'gallery',
  pages: [
    {
      path: '/gallery',
      load: () => import('../../kit/gallery/GalleryPage'),
      title: () => text('title'),
      operator: true,
    },
  ],
};
