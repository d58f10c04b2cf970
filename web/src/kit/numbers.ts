// Numbers as people read them: separators of their language, never more digits than useful, always with a unit.
import { languageTag } from '../texts/i18n';

/** A count. */
export function count(value: number): string {
  return new Intl.NumberFormat(languageTag(), { maximumFractionDigits: 0 }).format(value);
}

/** A number with at most three digits behind the point. */
export function decimal(value: number, digits = 3): string {
  return new Intl.NumberFormat(languageTag(), { maximumFractionDigits: digits }).format(value);
}

/** A share of 0 to 1. */
export function percent(share: number): string {
  return new Intl.NumberFormat(languageTag(), { style: 'percent', maximumFractionDigits: 1 }).format(share);
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** An amount of data. */
export function bytes(value: number): string {
  let rest = value;
  let unit = 0;
  while (rest >= 1024 && unit < units.length - 1) {
    rest /= 1024;
    unit += 1;
  }
  return `${decimal(rest, rest >= 100 || unit === 0 ? 0 : 1)} ${units[unit]}`;
}

/** How often a second. */
export function perSecond(value: number): string {
  return `${decimal(value, value >= 10 ? 0 : 1)}/s`;
}
