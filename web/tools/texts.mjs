// Finds texts that nobody shows and pages that ask for no declared key. That both languages are complete is the
// compiler's business; what it cannot see is a key that lies around unused.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

const root = new URL('../src/', import.meta.url).pathname;

function files(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : /\.tsx?$/.test(name) ? [path] : [];
  });
}

/** The keys of the English texts in a file, as `group.key`. */
function keys(path) {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const found = [];
  const walk = (object, prefix) => {
    for (const member of object.properties) {
      if (!ts.isPropertyAssignment(member)) continue;
      const name = prefix + (ts.isStringLiteral(member.name) ? member.name.text : member.name.getText());
      if (ts.isObjectLiteralExpression(member.initializer)) walk(member.initializer, `${name}.`);
      else found.push(name.replace(/_(zero|one|two|few|many|other)$/, ''));
    }
  };
  const look = (node) => {
    if (
      ts.isPropertyAssignment(node) &&
      node.name.getText() === 'en' &&
      ts.isObjectLiteralExpression(node.initializer)
    ) {
      walk(node.initializer, '');
    } else ts.forEachChild(node, look);
  };
  look(source);
  return [...new Set(found)];
}

const everything = files(root);
let unused = 0;
for (const path of everything.filter(
  (name) => /(^|\/)texts\.ts$/.test(name) && !name.includes('/src/texts/'),
)) {
  const folder = dirname(path);
  const code = everything
    .filter((name) => name !== path && name.startsWith(`${folder}/`))
    .map((name) => readFileSync(name, 'utf8'))
    .join('\n');
  for (const key of keys(path)) {
    const quoted = [`'${key}'`, `"${key}"`, `\`${key}\``].some((text) => code.includes(text));
    // A key may be made of a fixed beginning and a value: t(`state.${state}`).
    const made = key
      .split('.')
      .slice(0, -1)
      .map((_, index, parts) => `\`${parts.slice(0, index + 1).join('.')}.\${`)
      .some((beginning) => code.includes(beginning));
    if (!quoted && !made) {
      console.error(`${path.slice(root.length)}: nobody shows "${key}"`);
      unused += 1;
    }
  }
}
if (unused > 0) process.exit(1);
