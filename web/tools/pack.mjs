// Compresses what Vite has built, for the server: each file of built/ becomes a file of dist/, with Brotli at its highest
// quality. The server embeds nothing else. What was there before goes, except for the note that keeps the folder.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const built = new URL('../built/', import.meta.url).pathname;
const dist = new URL('../dist/', import.meta.url).pathname;
const NOTE = 'README.md';

for (const name of readdirSync(dist)) {
  if (name !== NOTE) rmSync(join(dist, name), { recursive: true });
}
let [files, before, after] = [0, 0, 0];
for (const entry of readdirSync(built, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const path = join(entry.parentPath, entry.name);
  const plain = readFileSync(path);
  const { BROTLI_PARAM_QUALITY, BROTLI_MAX_QUALITY, BROTLI_PARAM_SIZE_HINT } = constants;
  const params = { [BROTLI_PARAM_QUALITY]: BROTLI_MAX_QUALITY, [BROTLI_PARAM_SIZE_HINT]: plain.length };
  const packed = brotliCompressSync(plain, { params });
  const target = join(dist, `${path.slice(built.length)}.br`);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, packed);
  files += 1;
  before += plain.length;
  after += packed.length;
}
const kilobytes = (bytes) => `${Math.round(bytes / 1000)} kB`;
console.log(`${files} files, ${kilobytes(before)}, compressed ${kilobytes(after)}`);
