// How the console is built, and how it is served while one works on it: everything that is not the console's own goes
// to a running server (YIZHAN_URL), so a page behaves as it will when it is embedded.
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const server = process.env.YIZHAN_URL ?? 'http://127.0.0.1:8080';
const ours = ['/api', '/files', '/internal', '/metrics', '/ca.pem'];

/**
 * For work on pages without signing in each time: with a token of `yizhan admin token create` in YIZHAN_TOKEN, requests
 * carry it and the development server answers who is there. The built console knows nothing of it.
 */
const token = process.env.YIZHAN_TOKEN;
const signedIn: Plugin = {
  name: 'signed-in-by-token',
  configureServer: ({ middlewares }) => {
    if (!token) return;
    middlewares.use('/api/session', (_, response) => {
      response.setHeader('Content-Type', 'application/json');
      response.end(
        JSON.stringify({
          State: 'in',
          Account: { Uin: '100000000001', Name: 'root', Root: true },
          Operator: true,
          Operations: ['*'],
        }),
      );
    });
  },
};
const headers = { origin: server, ...(token ? { authorization: `Bearer ${token}` } : {}) };

export default defineConfig({
  plugins: [react(), signedIn],
  build: {
    // Compressed from here into dist/ by tools/pack.mjs.
    outDir: 'built',
    target: 'es2022',
    // The largest chunk is the component library; the budget of the first load is checked by the browser tests.
    chunkSizeWarningLimit: 1200,
    rollupOptions: {
      output: {
        // Libraries change seldom: apart from the pages they stay in the browser's cache from release to release.
        manualChunks(id: string) {
          if (!id.includes('node_modules')) return undefined;
          if (
            /node_modules\/(react|react-dom|scheduler|@tanstack|i18next|react-i18next|zustand)\//.test(id)
          ) {
            return 'base';
          }
          return undefined;
        },
      },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ours.map((path) => [path, { target: server, ws: true, changeOrigin: true, headers }]),
    ),
  },
  test: { environment: 'happy-dom', setupFiles: ['./vitest.setup.ts'], include: ['src/**/*.test.{ts,tsx}'] },
});
