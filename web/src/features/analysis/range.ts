// Ranges of days as the address keeps them: a number of last days, or two dates.

/** The ranges that are offered, in days. */
export const OFFERED = [7, 15, 30, 90, 365] as const;
const LONGEST_DAYS = 399;
const DAY_MS = 86_400_000;

export interface Range {
  /** Dates such as 2022-06-11, both inside. */
  first: string;
  last: string;
}

/** Whether a text is a date of the calendar. */
export function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(`${text}T00:00:00Z`).toISOString().startsWith(text);
}

function days(range: Range): number {
  return (Date.parse(range.last) - Date.parse(range.first)) / DAY_MS + 1;
}

/** The date so many days before another one. */
function daysBefore(date: string, count: number): string {
  return new Date(Date.parse(date) - count * DAY_MS).toISOString().slice(0, 10);
}

/**
 * The range that the address means: two dates if they are one, else so many days up to today, which is the day that the
 * server counts in its time zone.
 */
export function rangeOf(address: { days: number; from: string; to: string }, today: string): Range {
  const { from, to } = address;
  const chosen: Range = { first: from, last: to };
  try {
    if (isDate(from) && isDate(to) && from <= to && days(chosen) <= LONGEST_DAYS) return chosen;
  } catch {
    // A date that no calendar has, such as 2023-02-31.
  }
  const count = Math.min(Math.max(Math.round(address.days), 1), LONGEST_DAYS);
  return { first: daysBefore(today, count - 1), last: today };
}
