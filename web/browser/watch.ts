// What must hold on every page, whoever looks at it: nothing goes wrong in the browser, nothing is asked of another
// host, no text is missing, nothing is wider than the window, nobody is shut out.
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

export class Watch {
  readonly problems: string[] = [];

  constructor(
    private readonly page: Page,
    private readonly origin: string,
  ) {
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return;
      this.note(`console: ${message.text()} ${message.location().url}`);
    });
    page.on('pageerror', (error) => this.note(`error: ${error.message}`));
    page.on('request', (request) => {
      const url = request.url();
      const own = url.startsWith(origin) || url.startsWith(origin.replace('http', 'ws'));
      if (!own && !/^(data|blob|about):/.test(url)) this.note(`asks another host: ${url}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 500) this.note(`HTTP ${response.status()}: ${response.url()}`);
    });
  }

  private note(problem: string): void {
    this.problems.push(`${new URL(this.page.url(), this.origin).pathname}: ${problem}`);
  }

  /** Waits until the page has been drawn and its requests have been answered. */
  async settled(): Promise<void> {
    await this.page.waitForLoadState('networkidle', { timeout: 5_000 }).catch(() => undefined);
    await this.page
      .waitForFunction(() => !document.querySelector('.ant-spin-spinning, .ant-skeleton-active'), undefined, {
        timeout: 8_000,
      })
      .catch(() => this.note('still loading after 8 s'));
  }

  /** Texts that stand for the lack of one. */
  async texts(): Promise<void> {
    const shown = await this.page.locator('body').innerText();
    for (const bad of [
      /⟦[^⟧]*⟧/,
      /\bundefined\b/,
      /\bNaN\b/,
      /\[object Object\]/,
      /Invalid Date/,
      /\{\{\w+\}\}/,
    ]) {
      const found = bad.exec(shown);
      if (found) this.note(`shows "${shown.slice(Math.max(0, found.index - 40), found.index + 40)}"`);
    }
  }

  /** Nothing makes the page wider than the window. */
  async width(): Promise<void> {
    const wide = await this.page.evaluate(() => {
      const room = document.documentElement.clientWidth;
      if (document.documentElement.scrollWidth <= room) return '';
      const culprit = [...document.querySelectorAll('body *')]
        .filter((element) => element.getBoundingClientRect().right > room + 1)
        .map((element) => `${element.tagName.toLowerCase()}.${element.className}`)
        .slice(0, 3);
      return `${document.documentElement.scrollWidth} > ${room}: ${culprit.join(', ')}`;
    });
    if (wide) this.note(`too wide: ${wide}`);
  }

  /** WCAG 2.2 AA, as far as a program can tell. */
  async accessible(): Promise<void> {
    const { violations } = await new AxeBuilder({ page: this.page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
      .analyze();
    for (const violation of violations) {
      const where = violation.nodes
        .slice(0, 3)
        .map((node) => `${node.target.join(' ')} (${node.failureSummary?.split('\n')[1]?.trim()})`);
      this.note(`axe ${violation.id}: ${where.join('; ')}`);
    }
  }
}
