// Every page of the console, read from what the features declare: a new page is walked without anybody adding it here.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const features = join(import.meta.dirname, '../src/features');

export interface DeclaredPage {
  feature: string;
  path: string;
  /** An address for a page whose path has parameters. */
  example?: string;
}

function member(object: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  const found = object.properties.find((property) => property.name?.getText() === name);
  return found && ts.isPropertyAssignment(found) ? found.initializer : undefined;
}

function text(expression: ts.Expression | undefined): string | undefined {
  return expression && ts.isStringLiteralLike(expression) ? expression.text : undefined;
}

function pagesOf(feature: string): DeclaredPage[] {
  const path = join(features, feature, 'index.tsx');
  const source = ts.createSourceFile(
    path,
    readFileSync(path, 'utf8'),
    ts.ScriptTarget.Latest,
    true,
    ts.ScriptKind.TSX,
  );
  const found: DeclaredPage[] = [];
  const look = (node: ts.Node) => {
    if (ts.isObjectLiteralExpression(node) && member(node, 'path') && node.getText().includes('load')) {
      const address = text(member(node, 'path'));
      if (address) found.push({ feature, path: address, example: text(member(node, 'example')) });
    }
    ts.forEachChild(node, look);
  };
  look(source);
  return found;
}

export function declaredPages(): DeclaredPage[] {
  const registered = readFileSync(join(features, 'index.ts'), 'utf8');
  const names = readdirSync(features, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && registered.includes(`'./${entry.name}'`))
    .map((entry) => entry.name);
  return names.flatMap(pagesOf);
}

/** The page's address, with the test's objects in the place of parameters. */
export function addressOf(page: DeclaredPage, objects: Record<string, string>): string {
  return (page.example ?? page.path).replaceAll(/\$(\w+)/g, (_, name: string) => {
    const value = objects[name];
    if (value === undefined)
      throw new Error(`${page.path}: the tests have no object for $${name} (browser/world.ts)`);
    return encodeURIComponent(value);
  });
}
