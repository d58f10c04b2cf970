// What the first visit costs, and how the console is served.
import { expect, test } from '@playwright/test';

import { Server } from './server';
import { setUp, windowOf } from './world';

const FIRST_LOAD_BYTES = 500_000;
const CHARTS_BYTES = 200_000;

let server: Server;

test.beforeAll(async ({ playwright }) => {
  server = await Server.start();
  await setUp(server, await playwright.request.newContext());
});

test.afterAll(async () => {
  await server.stop();
});

test('the first page is there for less than 500 kB, its charts follow for less than 200', async ({
  browser,
}) => {
  const context = await windowOf(browser, server, 'administrator');
  const page = await context.newPage();
  const sizes = new Map<string, number>();
  page.on('requestfinished', async (request) => {
    const { responseBodySize, responseHeadersSize } = await request.sizes();
    sizes.set(new URL(request.url()).pathname, responseBodySize + responseHeadersSize);
  });
  await page.goto('/');
  await page.locator('.kit-number-cards').waitFor();
  await page.waitForLoadState('networkidle');
  await context.close();
  const charts = [...sizes].filter(([path]) => path.startsWith('/assets/engine-'));
  const sum = (some: [string, number][]) => some.reduce((all, [, bytes]) => all + bytes, 0);
  expect(sum([...sizes])).toBeGreaterThan(50_000);
  expect(sum([...sizes]) - sum(charts)).toBeLessThan(FIRST_LOAD_BYTES);
  expect(sum(charts)).toBeLessThan(CHARTS_BYTES);
});

test('the console is served with a strict policy, and paths of the server are not pages', async ({
  request,
}) => {
  const page = await request.get(`${server.url}/devices`);
  expect(page.status()).toBe(200);
  const policy = page.headers()['content-security-policy'] ?? '';
  expect(policy).toContain("default-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain('unsafe-eval');
  expect(page.headers()['x-content-type-options']).toBe('nosniff');
  expect((await request.get(`${server.url}/no-such-file.js`)).status()).toBe(404);
  expect((await request.get(`${server.url}/api/nothing`)).status()).not.toBe(200);
  const script = /src="(\/assets\/[^"]+)"/.exec(await page.text())?.[1] ?? '';
  const asset = await request.get(server.url + script);
  expect(asset.headers()['cache-control']).toContain('immutable');
});
