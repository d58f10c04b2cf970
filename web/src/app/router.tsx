// The routes, made from the features' pages.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Navigate,
  type AnyRoute,
} from '@tanstack/react-router';

import { forgetRecordedCalls } from '../api';
import { pages } from './pages';
import { BrokenPage, MissingPage } from './edges';
import { Frame } from './Frame';

const root = createRootRoute({ component: Frame, notFoundComponent: MissingPage });

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: () => <Navigate to={pages[0]?.path ?? '/'} replace />,
});

const routes: AnyRoute[] = pages.map((page) =>
  createRoute({
    getParentRoute: () => root,
    path: page.path,
    component: lazyRouteComponent(page.load),
    // Each page reads its parameters itself (kit/address.ts); here they pass.
    validateSearch: (search: Record<string, unknown>) => search,
  }),
);

export const router = createRouter({
  routeTree: root.addChildren([home, ...routes]),
  defaultPreload: 'intent',
  defaultErrorComponent: BrokenPage,
  scrollRestoration: true,
});

// What a page asked is shown with that page only.
let path = '';
router.subscribe('onBeforeNavigate', ({ toLocation }) => {
  if (toLocation.pathname !== path) forgetRecordedCalls();
  path = toLocation.pathname;
});
