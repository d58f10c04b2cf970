// A look at a file of device names before it is uploaded, row by row, by the rules of the server: the first column is
// the name; a heading, empty rows and a byte order mark do not matter; a row that is no name, or the same name again, makes
// no device. Pure.
import { readCsv } from '../../kit/csv';

/** Devices in one batch. */
export const MOST_DEVICES = 10_000;
/** Characters of a name. */
export const LONGEST_NAME = 48;
/** Larger files are no lists of names: ten thousand names of full length with remarks stay far below. */
export const LARGEST_FILE = 16 * 1024 * 1024;

const headings = new Set(['devicename', 'device_name', 'device name', '设备名称']);

export type Problem = 'empty' | 'long' | 'form' | 'twice';

export interface NamedRow {
  /** Where it stands in the file. */
  line: number;
  name: string;
  problem?: Problem;
  /** The line on which the name stands first, if it is there twice. */
  first?: number;
}

export interface NamesReport {
  rows: NamedRow[];
  /** How many devices can be made. */
  good: number;
  /** How many rows have each problem. */
  problems: Record<Problem, number>;
  /** What the first row was passed over for. */
  heading?: string;
  /** The file has more rows than a batch may have; the rest was not looked at. */
  tooMany: boolean;
}

export function lookAtNames(text: string, most = MOST_DEVICES): NamesReport {
  // A heading and one row more than may be.
  const [head, ...rest] = readCsv(text, most + 2);
  const heading = head?.fields[0];
  const headed = heading !== undefined && headings.has(heading.toLowerCase());
  const found = (headed ? rest : head ? [head, ...rest] : []).map((row) => ({
    line: row.line,
    name: row.fields[0] ?? '',
  }));
  const lines = new Map<string, number>();
  const rows = found.slice(0, most).map((row) => checked(row, lines));
  const problems: Record<Problem, number> = { empty: 0, long: 0, form: 0, twice: 0 };
  for (const { problem } of rows) if (problem) problems[problem] += 1;
  return {
    rows,
    good: rows.filter((row) => !row.problem).length,
    problems,
    heading: headed ? heading : undefined,
    tooMany: found.length > most,
  };
}

function checked(row: { line: number; name: string }, lines: Map<string, number>): NamedRow {
  const problem = problemOf(row.name);
  if (problem) return { ...row, problem };
  const first = lines.get(row.name);
  if (first !== undefined) return { ...row, problem: 'twice', first };
  lines.set(row.name, row.line);
  return row;
}

function problemOf(name: string): Problem | undefined {
  if (name === '') return 'empty';
  if (!/^[A-Za-z0-9:_-]+$/.test(name)) return 'form';
  return name.length > LONGEST_NAME ? 'long' : undefined;
}

/** A file with the rows that can be made. */
export function onlyGood(report: NamesReport): string {
  const names = report.rows.filter((row) => !row.problem).map((row) => row.name);
  return ['DeviceName', ...names, ''].join('\n');
}
