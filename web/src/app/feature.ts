// What a part of the console declares about itself, in one value. The menu, the routes, the palette and the crawl of
// the browser tests are made from the list of these values (src/features/index.ts); nothing is registered elsewhere.
import type { ComponentType, ReactNode } from 'react';

import type { OperationName } from '../api';

/** The groups of the menu, in this order; named in src/app/texts.ts. */
export type Section = 'start' | 'devices' | 'making' | 'insight' | 'build' | 'administration';

/** A page. */
export interface FeaturePage {
  /** Its path, with `$name` for parameters: `/products/$productId`. */
  path: string;
  /** Loads the component when it is first shown. */
  load: () => Promise<{ default: ComponentType }>;
  /** The page's name, for the window's title and the palette. */
  title: () => string;
  /** Its place in the menu, if it has one. Pages without one are reached from others. */
  menu?: { section: Section; order: number; icon: ReactNode };
  /** The page is of no use to whoever may do none of these; without any it is for everyone. */
  needs?: readonly OperationName[];
  /** Only for the operator of the installation. */
  operator?: boolean;
  /** An address at which the browser tests find the page, if its path has parameters: parts are replaced from the test's data. */
  example?: string;
}

/** Something the palette finds or does. */
export interface PaletteEntry {
  key: string;
  title: string;
  hint?: string;
  run: (go: (path: string) => void) => void;
}

/** A part of the console. */
export interface Feature {
  id: string;
  pages: readonly FeaturePage[];
  /** Finds objects by what was typed, for the palette. */
  find?: (typed: string, signal: AbortSignal) => Promise<PaletteEntry[]>;
  /** Things the palette can do at once. */
  actions?: () => PaletteEntry[];
  /** Stands in the frame's top bar. */
  bar?: { order: number; load: () => Promise<{ default: ComponentType }> };
  /** Stands above the menu. */
  side?: { load: () => Promise<{ default: ComponentType }> };
}
