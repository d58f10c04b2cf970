// All pages of all features, and which of them are there for somebody.
import { useMemo } from 'react';

import { useMay, useSession } from '../api';
import { features } from '../features';
import type { FeaturePage } from './feature';

export const pages: readonly FeaturePage[] = features.flatMap((feature) => feature.pages);

/** The pages that are of use to whoever is signed in. */
export function usePages(): FeaturePage[] {
  const may = useMay();
  const operations = useSession((session) => session.operations);
  const operator = useSession((session) => session.operator);
  return useMemo(
    () =>
      pages.filter(
        (page) => (!page.operator || operator) && (!page.needs || page.needs.some((name) => may(name))),
      ),
    // `may` is made of the operations.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [operations, operator],
  );
}
