// A real server for the browser tests: one process, its own data directory, free loopback ports, the console inside.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const root = resolve(import.meta.dirname, '../..');
const binary = process.env.YIZHAN_BIN ?? join(root, 'target/debug/yizhan');
/** While one works on pages: they are taken from here and not from what was built into the server. */
const assets = process.env.YIZHAN_ASSETS;
const READY_WITHIN_MS = 60_000;

export interface Address {
  host: string;
  port: number;
}

/** A refusal of the server's, as a test reads it. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(`${code}: ${message}`);
  }
}

export class Server {
  private constructor(
    private readonly process: ChildProcess,
    readonly data: string,
    readonly url: string,
    readonly mqtt: Address,
    readonly mqtts: Address,
    readonly output: string[],
  ) {}

  /** Starts a server; `settings` are written `section.key=value`. */
  static async start({ demo = true, settings = [] as string[] } = {}): Promise<Server> {
    const data = mkdtempSync(join(tmpdir(), 'yizhan-test-browser-'));
    const free = ['--mqtt', '--mqtts', '--http', '--https'].flatMap((option) => [option, '127.0.0.1:0']);
    const own = assets ? [`console.assets_dir="${resolve(assets)}"`] : [];
    const set = [...settings, ...own].flatMap((setting) => ['--set', setting]);
    const child = spawn(binary, ['serve', ...(demo ? ['--demo'] : []), '--data', data, ...free, ...set], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const output: string[] = [];
    const ready = new Promise<string>((found, failed) => {
      const timer = setTimeout(
        () => failed(new Error(`not ready in time:\n${output.join('\n')}`)),
        READY_WITHIN_MS,
      );
      child.once('exit', (code) => failed(new Error(`the server ended with ${code}:\n${output.join('\n')}`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        output.push(line);
        if (!line.startsWith('ready:')) return;
        clearTimeout(timer);
        found(line);
      });
    });
    const line = await ready;
    const address = (pattern: RegExp): Address => {
      const [, host, port] = pattern.exec(line) ?? [];
      if (!host || !port) throw new Error(`no address in: ${line}`);
      return { host, port: Number(port) };
    };
    const http = address(/http:\/\/([\d.]+):(\d+)/);
    return new Server(
      child,
      data,
      `http://${http.host}:${http.port}`,
      address(/MQTT ([\d.]+):(\d+)/),
      address(/over TLS ([\d.]+):(\d+)/),
      output,
    );
  }

  /** What `yizhan admin ...` prints. */
  admin(...words: string[]): string {
    return execFileSync(binary, ['admin', ...words, '--data', this.data], { encoding: 'utf8' });
  }

  /** The code with which the first password is set. */
  setupCode(): string {
    const code = this.output.map((line) => /\/setup#(\S+)/.exec(line)?.[1]).find(Boolean);
    if (!code) throw new Error(`no set-up link in:\n${this.output.join('\n')}`);
    return code;
  }

  #token?: string;

  /** Asks for an operation as the operator. */
  async call<T = Record<string, unknown>>(operation: string, request: object = {}): Promise<T> {
    this.#token ??= /token\s+(\S+)/.exec(this.admin('token', 'create', 'tests'))?.[1];
    const response = await fetch(`${this.url}/api/v1/${operation}`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${this.#token}`,
        'Content-Type': 'application/json',
        'Accept-Language': 'en',
      },
      body: JSON.stringify(request),
    });
    const answer = (await response.json()) as { Error?: { Code: string; Message: string } };
    if (answer.Error) throw new Refused(answer.Error.Code, answer.Error.Message);
    return answer as T;
  }

  async stop(): Promise<void> {
    const ended = new Promise((end) => this.process.once('exit', end));
    this.process.kill('SIGTERM');
    await ended;
    rmSync(this.data, { recursive: true, force: true });
  }
}
