// CSV as spreadsheets write it (RFC 4180), read in the browser: quoted fields, either kind of line end, a byte order
// mark, rows of different lengths. Each row keeps the line on which it begins, because people look there for a mistake.

export interface CsvRow {
  /** The line of the file on which the row begins, counted from 1. */
  line: number;
  fields: string[];
}

/** The rows of a text, at most `most`; rows without any text are passed over. */
export function readCsv(text: string, most = Infinity): CsvRow[] {
  const rows: CsvRow[] = [];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  let line = 1;
  while (at < text.length && rows.length < most) {
    const row = readRow(text, at, line);
    if (row.fields.some((field) => field !== '')) rows.push({ line, fields: row.fields });
    at = row.end;
    line = row.line;
  }
  return rows;
}

function readRow(text: string, start: number, firstLine: number) {
  const fields: string[] = [];
  let at = start;
  let line = firstLine;
  for (;;) {
    let field = '';
    if (text[at] === '"') {
      at += 1;
      // Two quotes mean one; a quoted field may go on over several lines.
      while (at < text.length && !(text[at] === '"' && text[at + 1] !== '"')) {
        if (text[at] === '"') at += 1;
        if (text[at] === '\n') line += 1;
        field += text[at];
        at += 1;
      }
      at += 1;
    }
    const end = endOfField(text, at);
    field += text.slice(at, end);
    fields.push(field.trim());
    at = end;
    if (text[at] !== ',') break;
    at += 1;
  }
  if (text[at] === '\r' && text[at + 1] === '\n') at += 1;
  return { fields, end: at + 1, line: line + 1 };
}

function endOfField(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== ',' && text[at] !== '\n' && text[at] !== '\r') at += 1;
  return at;
}

/** Rows as the text of a file. A field that a spreadsheet would take for a formula is kept from being one. */
export function csvText(rows: readonly (readonly string[])[]): string {
  const field = (text: string) => {
    const plain = /^[=+\-@\t\r]/.test(text) && !Number.isFinite(Number(text)) ? `'${text}` : text;
    return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
  };
  // The mark makes spreadsheets read other scripts than Latin.
  return `\uFEFF${rows.map((row) => row.map(field).join(',')).join('\r\n')}\r\n`;
}
