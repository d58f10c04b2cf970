// How labels lie on sheets of A4. All lengths are millimetres. Pure.

const PAPER = { width: 210, height: 297 };
const MARGIN = 10;
/** Between the edge of a label and what is on it. */
const PADDING = 2;
/** One line of text. */
export const LINE = 3.6;

export const WIDTHS = [25, 30, 40, 50, 60] as const;

export interface SheetLayout {
  columns: number;
  rows: number;
  label: { width: number; height: number };
}

/** As many labels as fit, for labels of this width with so many lines under the code. */
export function layOut(width: number, lines: number): SheetLayout {
  const height = width + lines * LINE + (lines > 0 ? PADDING : 0);
  return {
    columns: Math.max(1, Math.floor((PAPER.width - 2 * MARGIN) / width)),
    rows: Math.max(1, Math.floor((PAPER.height - 2 * MARGIN) / height)),
    label: { width, height },
  };
}

/** The items in pieces of one size; the last may be shorter. */
export function inPieces<T>(items: readonly T[], size: number): T[][] {
  const pieces: T[][] = [];
  for (let start = 0; start < items.length; start += size) pieces.push(items.slice(start, start + size));
  return pieces;
}

/** How many labels are drawn at once: whole sheets, so that a browser can print them without effort. */
export function atOnce({ columns, rows }: SheetLayout, most = 400): number {
  const sheet = columns * rows;
  return Math.max(1, Math.floor(most / sheet)) * sheet;
}
