// Takes a picture of a page: node tools/shot.mjs PATH OUT.png [--dark] [--zh] [--narrow] [--full] [--click SELECTOR]
// with the console at YIZHAN_CONSOLE (http://127.0.0.1:5173), signed in with YIZHAN_USER and YIZHAN_PASSWORD if given.
import { chromium } from '@playwright/test';

const [path, out, ...flags] = process.argv.slice(2);
const has = (flag) => flags.includes(flag);
const base = process.env.YIZHAN_CONSOLE ?? 'http://127.0.0.1:5173';
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
});
const page = await browser.newPage({
  viewport: has('--narrow') ? { width: 390, height: 844 } : { width: 1280, height: 800 },
});
page.on('console', (message) => message.type() === 'error' && console.log('console:', message.text()));
page.on('pageerror', (error) => console.log('page:', error.message));
await page.addInitScript(
  ([language, theme]) => {
    localStorage.setItem('yizhan.language', language);
    localStorage.setItem('yizhan.theme', theme);
  },
  [has('--zh') ? 'zh' : 'en', has('--dark') ? 'dark' : 'light'],
);
if (process.env.YIZHAN_PASSWORD) {
  await page.request.post(`${base}/api/session`, {
    headers: { 'X-Yizhan': 'console' },
    data: { Name: process.env.YIZHAN_USER ?? 'root', Password: process.env.YIZHAN_PASSWORD },
  });
}
await page.goto(base + path);
await page.waitForTimeout(Number(process.env.WAIT_MS ?? 2500));
for (const [index, flag] of flags.entries()) {
  if (flag !== '--click') continue;
  await page.click(flags[index + 1]);
  await page.waitForTimeout(800);
}
await page.screenshot({ path: out, fullPage: has('--full') });
await browser.close();
