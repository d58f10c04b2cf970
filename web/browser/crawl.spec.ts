// Walks every page, as four roles, in both languages and themes, wide and narrow. What must hold everywhere is in
// watch.ts.
import { expect, test, type Page } from '@playwright/test';

import { addressOf, declaredPages } from './pages';
import { Server } from './server';
import { Watch } from './watch';
import { furnish, roles, windowOf, type Role, type World } from './world';

const WIDE_WINDOW = { width: 1280, height: 800 };
const NARROW_WINDOW = { width: 390, height: 844 };

let server: Server;
let world: World;

test.beforeAll(async ({ playwright }) => {
  server = await Server.start();
  world = await furnish(server, await playwright.request.newContext());
});

test.afterAll(async () => {
  await server.stop();
});

/** Every tab of the page, one after the other; the page itself where it has none. */
async function eachTab(page: Page, look: () => Promise<void>): Promise<void> {
  await look();
  const tabs = page.locator('main [role=tab]:not([aria-selected=true]):not([aria-disabled=true])');
  const names = await tabs.allInnerTexts();
  for (const name of names) {
    const tab = page.getByRole('tab', { name, exact: true }).first();
    if (!(await tab.isVisible())) continue;
    await tab.click();
    await look();
  }
}

async function walk(page: Page, watch: Watch, axe: boolean): Promise<void> {
  for (const declared of declaredPages()) {
    await page.setViewportSize(WIDE_WINDOW);
    await page.goto(addressOf(declared, world));
    await watch.settled();
    await eachTab(page, async () => {
      await watch.settled();
      await watch.texts();
      await watch.width();
      if (axe) await watch.accessible();
      await page.setViewportSize(NARROW_WINDOW);
      await watch.width();
      await page.setViewportSize(WIDE_WINDOW);
    });
  }
}

const views = [
  { language: 'en', theme: 'light' },
  { language: 'zh', theme: 'dark' },
  { language: 'en', theme: 'dark' },
  { language: 'zh', theme: 'light' },
] as const;

for (const role of roles) {
  for (const view of views) {
    test(`${role} walks every page in ${view.language}, ${view.theme}`, async ({ browser }) => {
      const context = await windowOf(browser, server, role, view);
      const page = await context.newPage();
      const watch = new Watch(page, server.url);
      await walk(page, watch, needsAxe(role));
      await context.close();
      expect([...new Set(watch.problems)]).toEqual([]);
    });
  }
}

/** Who may do everything and who may only look see the most different pages. */
function needsAxe(role: Role): boolean {
  return role === 'administrator' || role === 'reader';
}

test('every control that destroys nothing can be used without anything breaking', async ({ browser }) => {
  const context = await windowOf(browser, server, 'administrator');
  const page = await context.newPage();
  const watch = new Watch(page, server.url);
  for (const declared of declaredPages()) {
    const address = addressOf(declared, world);
    await page.goto(address);
    await watch.settled();
    const controls = page.locator(
      'main button:not(:disabled):not(.ant-btn-dangerous):not([type=submit]):visible',
    );
    const many = Math.min(await controls.count(), MOST_CONTROLS);
    for (let index = 0; index < many; index += 1) {
      const control = controls.nth(index);
      if (!(await control.isVisible().catch(() => false))) continue;
      await control.click({ timeout: 2_000, trial: false }).catch(() => undefined);
      await page.waitForTimeout(150);
      await watch.texts();
      await page.keyboard.press('Escape');
      // A control may lead away; the next one is on the page that is walked.
      if (new URL(page.url()).pathname !== new URL(address, server.url).pathname) {
        await page.goto(address);
        await watch.settled();
      }
    }
  }
  await context.close();
  expect([...new Set(watch.problems)]).toEqual([]);
});

const MOST_CONTROLS = 25;
