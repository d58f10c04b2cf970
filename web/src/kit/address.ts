// State in the address: filters, tabs, ranges and selections are search parameters, so that every view can be sent to a
// colleague and survives a reload.
import { useNavigate, useParams, useRouterState } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';

type Value = string | number | boolean;

/** The state with its defaults; what is as by default does not stand in the address. */
export function useAddress<T extends Record<string, Value>>(
  defaults: T,
): [
  { [K in keyof T]: Widened<T[K]> },
  (change: Partial<{ [K in keyof T]: Widened<T[K]> }>, keep?: boolean) => void,
] {
  const search = useRouterState({ select: (state) => state.location.search as Record<string, unknown> });
  const navigate = useNavigate();
  const key = JSON.stringify(defaults);
  const state = useMemo(() => {
    const fixed = JSON.parse(key) as T;
    const read = Object.entries(fixed).map(([name, fallback]) => [name, like(fallback, search[name])]);
    return Object.fromEntries(read) as { [K in keyof T]: Widened<T[K]> };
  }, [key, search]);
  const change = useCallback(
    (changes: Partial<{ [K in keyof T]: Widened<T[K]> }>, keep = false) => {
      const fixed = JSON.parse(key) as Record<string, Value>;
      void navigate({
        to: '.',
        // A new tab or page is a step that "back" undoes; typing into a filter is not.
        replace: !keep,
        search: ((before: Record<string, unknown>) => {
          const after: Record<string, unknown> = { ...before, ...changes };
          for (const [name, value] of Object.entries(after)) {
            if (value === undefined || value === fixed[name]) delete after[name];
          }
          return after;
        }) as never,
      });
    },
    [key, navigate],
  );
  return [state, change];
}

type Widened<T> = T extends string ? string : T extends number ? number : T extends boolean ? boolean : never;

function like(fallback: Value, found: unknown): Value {
  if (found === undefined || found === null) return fallback;
  switch (typeof fallback) {
    case 'number': {
      const value = Number(found);
      return Number.isFinite(value) ? value : fallback;
    }
    case 'boolean':
      return found === true || found === 'true' || found === '1';
    default:
      return String(found);
  }
}

/** The parameters of the page's path. */
export function usePathValues<Name extends string>(): Record<Name, string> {
  return useParams({ strict: false }) as Record<Name, string>;
}

/** Goes to a page by its address. */
export function useGo(): (address: string, options?: { replace?: boolean }) => void {
  const navigate = useNavigate();
  return useCallback(
    (address, options) => {
      const [path, query] = address.split('?');
      void navigate({
        to: path,
        search: Object.fromEntries(new URLSearchParams(query)) as never,
        replace: options?.replace,
      });
    },
    [navigate],
  );
}
