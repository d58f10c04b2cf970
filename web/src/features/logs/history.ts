// The past of logs as the server gives it, for a tail and for a file.
import { call, type Request } from '../../api';
import type { LogRow, TailFilter, TailPage } from '../../kit';

/** Whose logs, and of which time. */
export interface LogScope {
  project?: string;
  product?: string;
  device?: string;
  from?: number;
  to?: number;
}

const PAGE_ROWS = 200;
const FILE_PAGE_ROWS = 1_000;
/** Rows that one file has, at most. */
export const MOST_EXPORTED = 50_000;

/** Which logs the server keeps; values are in the messages that brought them. */
const LOGGED = new Set(['Messages', 'Presence', 'Diagnostics', 'Commands', 'Events', 'DeviceLogs']);

function requestOf(scope: LogScope, filter: TailFilter): Request<'DescribeLogs'> {
  return {
    ProjectId: scope.project || undefined,
    ProductId: scope.product || undefined,
    DeviceName: scope.device || undefined,
    MinTime: scope.from,
    MaxTime: scope.to,
    What: filter.what.filter((kind) => LOGGED.has(kind)),
    Text: filter.text || undefined,
    Topic: filter.topic || undefined,
    Direction: filter.direction || undefined,
    Grades: filter.grades.length > 0 ? [...filter.grades] : undefined,
  };
}

/** A page of rows, newest first. */
export async function pageOf(
  scope: LogScope,
  filter: TailFilter,
  context: string,
  signal: AbortSignal,
  limit = PAGE_ROWS,
): Promise<TailPage> {
  // Values alone are nothing that is logged.
  if (filter.what.length > 0 && !filter.what.some((kind) => LOGGED.has(kind)))
    return { Rows: [], Context: '', CompleteSince: scope.from ?? 0 };
  const request = { ...requestOf(scope, filter), Limit: limit, Context: context || undefined };
  const page = await call('DescribeLogs', request, signal);
  return { Rows: page.Rows as LogRow[], Context: page.Context, CompleteSince: page.CompleteSince };
}

/** Every row that fits, newest first, and whether there are more than one file has. */
export async function everyRow(
  scope: LogScope,
  filter: TailFilter,
  signal: AbortSignal,
  progress: (rows: number) => void,
): Promise<{ rows: LogRow[]; more: boolean }> {
  // An end that stands still, or the pages would move under the reader.
  const fixed = { ...scope, to: scope.to ?? Date.now() };
  const rows: LogRow[] = [];
  let context = '';
  do {
    const page = await pageOf(fixed, filter, context, signal, FILE_PAGE_ROWS);
    rows.push(...page.Rows);
    context = page.Context;
    progress(rows.length);
  } while (context !== '' && rows.length < MOST_EXPORTED);
  return { rows: rows.slice(0, MOST_EXPORTED), more: context !== '' };
}

const COLUMNS = [
  'Time',
  'What',
  'ProductId',
  'DeviceName',
  'Direction',
  'Topic',
  'QoS',
  'Payload',
  'Encoding',
  'Code',
  'Event',
  'EventType',
  'Params',
  'Address',
  'Transport',
  'Reason',
  'Detail',
  'Result',
  'CommandId',
  'ActionId',
  'State',
  'Status',
  'Level',
  'Text',
  'Seq',
] as const;

/** Rows as CSV. What a spreadsheet would take for a formula is put behind a quote. */
export function csvOf(rows: readonly LogRow[]): string {
  const lines = rows.map((row) =>
    COLUMNS.map((column) =>
      field(column === 'Time' ? new Date(row.Time).toISOString() : (row[column] ?? '')),
    ).join(','),
  );
  return [COLUMNS.join(','), ...lines].join('\r\n');
}

function field(value: string | number): string {
  const text = String(value);
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Rows as JSON, one a line. */
export function linesOf(rows: readonly LogRow[]): string {
  return rows.map((row) => JSON.stringify(row)).join('\n');
}
