// Where each part of a JSON text stands, so that what somebody says about `properties[3].define.max` can be shown at
// that place. Reads as far as the text is JSON and says where it stops being JSON. Pure; never throws.

/** A piece of a text, by offsets. */
export interface Place {
  from: number;
  to: number;
}

/** What was found in a text. */
export interface JsonPlaces {
  /** The place of every value by its path: `a.b[2]`; the whole is `$`. */
  places: ReadonlyMap<string, Place>;
  /** Where the text is not JSON, and what would have been there. */
  broken?: Place & { expected: string };
}

/** Deeper values are not looked into; far more than any model has. */
const DEEPEST = 100;

class Broken extends Error {
  constructor(
    readonly at: number,
    readonly expected: string,
  ) {
    super(expected);
  }
}

/** Finds the values of a JSON text. */
export function jsonPlaces(text: string): JsonPlaces {
  const reader = new Reader(text);
  try {
    reader.whole();
    return { places: reader.places };
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    const from = Math.min(error.at, Math.max(0, text.length - 1));
    return { places: reader.places, broken: { from, to: from + 1, expected: error.expected } };
  }
}

/** The place of a path, or of the nearest part around it that is there. */
export function placeOf(found: JsonPlaces, path: string): Place | undefined {
  let rest = path;
  while (rest !== '') {
    const place = found.places.get(rest);
    if (place) return place;
    rest = rest.replace(/(\.[^.[]*|\[\d+\]|[^.[\]]+)$/, '');
  }
  return found.places.get('$');
}

/** The line of an offset, counted from 1. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

class Reader {
  readonly places = new Map<string, Place>();
  private at = 0;

  constructor(private readonly text: string) {}

  whole(): void {
    this.blank();
    this.value('', 0);
    this.blank();
    if (this.at < this.text.length) throw new Broken(this.at, 'end');
  }

  private value(path: string, depth: number): void {
    if (depth > DEEPEST) throw new Broken(this.at, 'less depth');
    const from = this.at;
    const first = this.text[from];
    if (first === '{') this.object(path, depth);
    else if (first === '[') this.list(path, depth);
    else if (first === '"') this.string();
    else this.word();
    this.places.set(path === '' ? '$' : path, { from, to: this.at });
  }

  private object(path: string, depth: number): void {
    this.at += 1;
    this.blank();
    if (this.take('}')) return;
    for (;;) {
      this.blank();
      const key = this.string();
      this.blank();
      this.need(':');
      this.blank();
      this.value(path === '' ? key : `${path}.${key}`, depth + 1);
      this.blank();
      if (this.take('}')) return;
      this.need(',', ', }');
    }
  }

  private list(path: string, depth: number): void {
    this.at += 1;
    this.blank();
    if (this.take(']')) return;
    for (let index = 0; ; index += 1) {
      this.blank();
      this.value(`${path === '' ? '$' : path}[${index}]`, depth + 1);
      this.blank();
      if (this.take(']')) return;
      this.need(',', ', ]');
    }
  }

  private string(): string {
    const from = this.at;
    if (this.text[from] !== '"') throw new Broken(from, '"');
    // Escaped characters, and everything but quotes, backslashes and control characters.
    const found = this.match(/"(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})|[^"\\\u0000-\u001f])*"/y);
    if (found === undefined) throw new Broken(this.endOfLine(from), '"');
    return JSON.parse(found) as string;
  }

  private word(): void {
    const found = this.match(/true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y);
    if (found === undefined) throw new Broken(this.at, '" { [ 0–9 true false null');
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  private blank(): void {
    this.match(/[ \t\r\n]*/y);
  }

  private take(sign: string): boolean {
    if (this.text[this.at] !== sign) return false;
    this.at += 1;
    return true;
  }

  private need(sign: string, expected = sign): void {
    if (!this.take(sign)) throw new Broken(this.at, expected);
  }

  private endOfLine(from: number): number {
    const end = this.text.indexOf('\n', from);
    return end < 0 ? this.text.length : end;
  }
}
