// Operations in components: reading with a cache, changing with what must be read again afterwards.
import {
  keepPreviousData,
  useMutation,
  useQueries,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from '@tanstack/react-query';

import { call, type Answer, type ApiFailure, type OperationName, type Request } from './call';

interface ReadOptions<N extends OperationName> {
  /** Not asked while this is false. */
  enabled?: boolean;
  /** Asked again after so many milliseconds; what is answered may decide it. */
  every?: number | ((answer: Answer<N> | undefined) => number | false);
  /** Shows the last answer while another request is under way; for lists. */
  keep?: boolean;
}

/** When to ask again, as the cache wants it. */
function interval<N extends OperationName>(every: ReadOptions<N>['every']) {
  if (typeof every !== 'function') return every;
  return (query: { state: { data: Answer<N> | undefined } }) => every(query.state.data);
}

/** The answer of an operation that only looks. The key is `[name, request]`. */
export function useOperation<N extends OperationName>(
  name: N,
  request: Request<N>,
  { enabled = true, every, keep = false }: ReadOptions<N> = {},
): UseQueryResult<Answer<N>, ApiFailure> {
  return useQuery<Answer<N>, ApiFailure>({
    queryKey: [name, request],
    queryFn: ({ signal }) => call(name, request, signal),
    enabled,
    refetchInterval: interval(every),
    placeholderData: keep ? keepPreviousData : undefined,
  });
}

/** The answers of an operation for several requests, in their order. */
export function useOperations<N extends OperationName>(
  name: N,
  requests: readonly Request<N>[],
  { enabled = true, every }: Omit<ReadOptions<N>, 'keep'> = {},
): UseQueryResult<Answer<N>, ApiFailure>[] {
  return useQueries({
    queries: requests.map((request) => ({
      queryKey: [name, request],
      queryFn: ({ signal }: { signal: AbortSignal }) => call(name, request, signal),
      enabled,
      refetchInterval: interval(every),
    })),
  });
}

/** An operation that changes something. What the named operations answered is read again after it. */
export function useChange<N extends OperationName>(
  name: N,
  stale: readonly OperationName[] = [],
): UseMutationResult<Answer<N>, ApiFailure, Request<N>> {
  const client = useQueryClient();
  return useMutation<Answer<N>, ApiFailure, Request<N>>({
    mutationFn: (request) => call(name, request),
    onSettled: async () => {
      await Promise.all(stale.map((each) => client.invalidateQueries({ queryKey: [each] })));
    },
  });
}

/** Makes the answers of these operations be read again. */
export function useRefresh(): (...names: OperationName[]) => Promise<void> {
  const client = useQueryClient();
  return async (...names) => {
    await Promise.all(names.map((name) => client.invalidateQueries({ queryKey: [name] })));
  };
}
