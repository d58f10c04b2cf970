import type { Feature } from '../../app/feature';
import { call } from '../../api';
import { icons } from '../../kit';
import { readSearch } from './choices';
import { text } from './texts';

const MOST_FOUND = 6;

/** Products: what devices of one kind have in common. */
export const feature: Feature = {
  id: 'products',
  pages: [
    {
      path: '/products',
      load: () => import('./ProductsPage'),
      title: () => text('title'),
      menu: { section: 'devices', order: 1, icon: <icons.ProductOutlined /> },
      needs: ['SearchStudioProduct'],
    },
    {
      path: '/products/$productId',
      load: () => import('./ProductPage'),
      title: () => text('product'),
      needs: ['DescribeStudioProduct'],
      example: '/products/DEMOPROD01',
    },
  ],
  find: async (typed, signal) => {
    const search = readSearch(typed);
    if (search.by !== 'name') return [];
    const asked = [
      call('SearchStudioProduct', { ProductName: search.name, Limit: MOST_FOUND }, signal),
      ...(search.id ? [call('SearchStudioProduct', { ProductId: search.id, Limit: 1 }, signal)] : []),
    ];
    const found = (await Promise.all(asked)).flatMap((answer) => answer.Products);
    const different = new Map(found.map((product) => [product.ProductId, product]));
    return [...different.values()].map((product) => ({
      key: `product ${product.ProductId}`,
      title: product.ProductName,
      hint: `${text('product')} ${product.ProductId}`,
      run: (go) => go(`/products/${product.ProductId}`),
    }));
  },
  actions: () => [
    { key: 'products new', title: text('create.title'), run: (go) => go('/products?make=true') },
  ],
};
