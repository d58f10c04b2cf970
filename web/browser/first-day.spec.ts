// The first day: setting the first password, a product, a device that connects with the program that is shown, its
// values, a switch that is thrown.
import { expect, test } from '@playwright/test';

import { Server } from './server';
import { PASSWORD } from './world';

let server: Server;

test.beforeAll(async () => {
  server = await Server.start();
});

test.afterAll(async () => {
  await server.stop();
});

test('the printed link sets the first password, once, and leads to the console', async ({ browser }) => {
  const context = await browser.newContext({ baseURL: server.url, locale: 'en-US' });
  const page = await context.newPage();
  await page.goto(`/setup#${server.setupCode()}`);
  const fields = page.locator('input[type=password]');
  await fields.first().fill(PASSWORD);
  if ((await fields.count()) > 1) await fields.nth(1).fill(PASSWORD);
  await page.locator('button[type=submit]').click();
  await expect(page.getByRole('navigation')).toBeVisible();
  await context.close();

  const second = await browser.newContext({ baseURL: server.url, locale: 'en-US' });
  const again = await second.request.post('/api/session/setup', {
    headers: { 'X-Yizhan': 'console' },
    data: { SetupCode: server.setupCode(), Password: 'another password 99' },
  });
  expect(again.ok()).toBe(false);
  const other = await second.newPage();
  await other.goto('/devices');
  await other.getByLabel('Account').fill('root');
  await other.getByLabel('Password').fill('wrong password');
  await other.locator('button[type=submit]').click();
  await expect(other.getByRole('alert')).toBeVisible();
  await other.getByLabel('Password').fill(PASSWORD);
  await other.locator('button[type=submit]').click();
  await expect(other).toHaveURL(/\/devices/);
  await expect(other.getByText('lamp-1')).toBeVisible();
  await second.close();
});
