// Makes the types of all operations from the server's own description. Written only when it changed, so that a build
// that is up to date stays so.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import openapi, { astToString } from 'openapi-typescript';

const source = new URL('../src/api/openapi.json', import.meta.url);
const target = new URL('../src/api/schema.d.ts', import.meta.url);
const text = `// Made by \`npm run generate\` from openapi.json.\n${astToString(await openapi(source))}`;
if (!existsSync(target) || readFileSync(target, 'utf8') !== text) writeFileSync(target, text);
