import type { Feature } from '../../app/feature';
import { call } from '../../api';
import { icons } from '../../kit';
import { addressOf } from './address';
import { newestBatches } from './batches';
import { text } from './texts';

/** What a batch's id begins with. */
const ID = /^lc-/i;

/** Batch production: many devices at once, for a factory. */
export const feature: Feature = {
  id: 'production',
  pages: [
    {
      path: '/production',
      load: () => import('./BatchesPage'),
      title: () => text('title'),
      menu: { section: 'making', order: 1, icon: <icons.BuildOutlined /> },
      needs: ['GetBatchProductionsList', 'CreateBatchProduction'],
    },
    {
      path: '/production/$productId/$batchId',
      load: () => import('./BatchPage'),
      title: () => text('batch'),
      needs: ['DescribeBatchProduction'],
      example: '/production/$producedId/$batchId',
    },
  ],
  find: async (typed, signal) => {
    if (!ID.test(typed)) return [];
    const { Projects } = await call('GetProjectList', { Limit: 100 }, signal);
    const batches = await newestBatches(
      Projects.map((project) => project.ProjectId),
      signal,
    );
    return batches
      .filter((batch) => batch.BatchProductionId.includes(typed.replace(ID, 'LC-')))
      .slice(0, 5)
      .map((batch) => ({
        key: `batch ${batch.BatchProductionId}`,
        title: batch.BatchProductionId,
        hint: `${text('batch')} · ${batch.ProductName}`,
        run: (go) => go(addressOf(batch)),
      }));
  },
};
