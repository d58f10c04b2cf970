// The difference of two texts, line by line: the longest common lines stay, the others were taken away or added.

/** One line of the difference, with its number in either text, counted from 1. */
export interface DiffLine {
  kind: 'same' | 'removed' | 'added';
  text: string;
  before?: number;
  after?: number;
}

/** Above so many comparisons the changed middle is shown as taken away and added in one piece. */
const MOST_WORK = 4_000_000;

/** Compares two texts by lines. */
export function lineDiff(before: string, after: string): DiffLine[] {
  const old = linesOf(before);
  const now = linesOf(after);
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
  let end = 0;
  while (
    end < old.length - start &&
    end < now.length - start &&
    old[old.length - 1 - end] === now[now.length - 1 - end]
  ) {
    end += 1;
  }
  const lines: DiffLine[] = [];
  const same = (text: string, index: number, shift: number) =>
    lines.push({ kind: 'same', text, before: index + 1, after: index + 1 + shift });
  for (let index = 0; index < start; index += 1) same(old[index] ?? '', index, 0);
  lines.push(...middle(old.slice(start, old.length - end), now.slice(start, now.length - end), start));
  for (let index = old.length - end; index < old.length; index += 1) {
    same(old[index] ?? '', index, now.length - old.length);
  }
  return lines;
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.split('\n');
}

function middle(old: string[], now: string[], offset: number): DiffLine[] {
  const removed = (index: number): DiffLine => ({
    kind: 'removed',
    text: old[index] ?? '',
    before: offset + index + 1,
  });
  const added = (index: number): DiffLine => ({
    kind: 'added',
    text: now[index] ?? '',
    after: offset + index + 1,
  });
  if (old.length * now.length > MOST_WORK) {
    return [...old.map((_, index) => removed(index)), ...now.map((_, index) => added(index))];
  }
  const common = commonLengths(old, now);
  const width = now.length + 1;
  const lines: DiffLine[] = [];
  let left = 0;
  let right = 0;
  while (left < old.length && right < now.length) {
    if (old[left] === now[right]) {
      lines.push({
        kind: 'same',
        text: old[left] ?? '',
        before: offset + left + 1,
        after: offset + right + 1,
      });
      left += 1;
      right += 1;
    } else if ((common[(left + 1) * width + right] ?? 0) >= (common[left * width + right + 1] ?? 0)) {
      lines.push(removed(left));
      left += 1;
    } else {
      lines.push(added(right));
      right += 1;
    }
  }
  for (; left < old.length; left += 1) lines.push(removed(left));
  for (; right < now.length; right += 1) lines.push(added(right));
  return lines;
}

/** How many lines the ends from each pair of positions have in common. */
function commonLengths(old: string[], now: string[]): Uint32Array {
  const width = now.length + 1;
  const table = new Uint32Array((old.length + 1) * width);
  for (let left = old.length - 1; left >= 0; left -= 1) {
    for (let right = now.length - 1; right >= 0; right -= 1) {
      table[left * width + right] =
        old[left] === now[right]
          ? (table[(left + 1) * width + right + 1] ?? 0) + 1
          : Math.max(table[(left + 1) * width + right] ?? 0, table[left * width + right + 1] ?? 0);
    }
  }
  return table;
}

/** The lines of both texts side by side; where one has nothing, the other stands alone. */
export interface DiffRow {
  left?: DiffLine;
  right?: DiffLine;
}

/** Puts what was taken away next to what came in its place. */
export function sideBySide(lines: readonly DiffLine[]): DiffRow[] {
  const rows: DiffRow[] = [];
  let index = 0;
  while (index < lines.length) {
    const line = lines[index];
    if (!line) break;
    if (line.kind === 'same') {
      rows.push({ left: line, right: line });
      index += 1;
      continue;
    }
    const removed: DiffLine[] = [];
    const added: DiffLine[] = [];
    for (; index < lines.length && lines[index]?.kind !== 'same'; index += 1) {
      const next = lines[index];
      if (next) (next.kind === 'removed' ? removed : added).push(next);
    }
    for (let row = 0; row < Math.max(removed.length, added.length); row += 1) {
      rows.push({ left: removed[row], right: added[row] });
    }
  }
  return rows;
}
