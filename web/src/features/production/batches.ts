// Batches as the list shows them. The server lists those of one project; for all projects, or for one product, the newest
// of each project are put together here.
import { useQuery } from '@tanstack/react-query';

import { call, useOperations, type Answer } from '../../api';
import { useProjectId, useProjects } from '../projects/current';

export type Batch = Answer<'GetBatchProductionsList'>['BatchProductions'][number];
export type BatchState = Answer<'DescribeBatchProduction'>;

/** Answered in one page at most. */
const PAGE = 100;
/** The newest batches of a project that are looked through. */
const MOST_OF_PROJECT = 1_000;

export const DONE = 3;
/** How often a batch that runs is looked at. */
export const EVERY_MS = 1_000;
const EVERY_IN_LIST_MS = 3_000;

async function batchesOf(ProjectId: string, signal: AbortSignal): Promise<Batch[]> {
  const found: Batch[] = [];
  for (;;) {
    const request = { ProjectId, Offset: found.length, Limit: PAGE };
    const { BatchProductions, TotalCnt } = await call('GetBatchProductionsList', request, signal);
    found.push(...BatchProductions);
    if (BatchProductions.length < PAGE || found.length >= Math.min(TotalCnt, MOST_OF_PROJECT)) return found;
  }
}

/** The batches of several projects, the newest first. */
export async function newestBatches(projects: readonly string[], signal: AbortSignal): Promise<Batch[]> {
  const each = await Promise.all(projects.map((project) => batchesOf(project, signal)));
  return each.flat().sort((one, other) => other.CreateTime - one.CreateTime);
}

/** The batches of the chosen project, or of one product if it is given. */
export function useBatches(product: string) {
  const chosen = useProjectId();
  const { projects, loaded } = useProjects();
  // A product may be of another project than the chosen one: it is looked for in all of them.
  const ids = chosen && !product ? [chosen] : projects.map((project) => project.ProjectId);
  const answer = useQuery({
    queryKey: ['GetBatchProductionsList', ids],
    queryFn: ({ signal }) => newestBatches(ids, signal),
    enabled: loaded,
  });
  const batches = product ? answer.data?.filter((batch) => batch.ProductId === product) : answer.data;
  return { ...answer, batches };
}

/** How far each of these batches is, by its id; those that run are looked at again and again. */
export function useBatchStates(batches: readonly Batch[]): Map<string, BatchState> {
  const answers = useOperations(
    'DescribeBatchProduction',
    batches.map(({ ProductId, BatchProductionId }) => ({ ProductId, BatchProductionId })),
    { every: (state) => (state && state.Status < DONE ? EVERY_IN_LIST_MS : false) },
  );
  return new Map(
    answers.flatMap(({ data }, index) => {
      const id = batches[index]?.BatchProductionId;
      return data && id ? [[id, data] as const] : [];
    }),
  );
}
