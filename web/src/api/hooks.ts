// Operations in components: reading with a cache, changing with what must be read again afterwards.
import {
  keepPreviousData,
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from '@tanstack/react-query';

import { call, type Answer, type ApiFailure, type OperationName, type Request } from './call';

interface ReadOptions {
  /** Not asked while this is false. */
  enabled?: boolean;
  /** Asked again after so many milliseconds. */
  every?: number;
  /** Shows the last answer while another request is under way; for lists. */
  keep?: boolean;
}

/** The answer of an operation that only looks. The key is `[name, request]`. */
export function useOperation<N extends OperationName>(
  name: N,
  request: Request<N>,
  { enabled = true, every, keep = false }: ReadOptions = {},
): UseQueryResult<Answer<N>, ApiFailure> {
  return useQuery<Answer<N>, ApiFailure>({
    queryKey: [name, request],
    queryFn: ({ signal }) => call(name, request, signal),
    enabled,
    refetchInterval: every,
    placeholderData: keep ? keepPreviousData : undefined,
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
