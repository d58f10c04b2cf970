// What a batch is going to be, while it is put together. Pure.
import { MOST_DEVICES, onlyGood, type NamesReport } from './names';

export const BURN_EACH = 0;
export const BURN_PRODUCT = 1;

export interface NamesFile {
  name: string;
  text: string;
  report: NamesReport;
}

export interface Plan {
  /** 0: each device has its own credentials burnt in; 1: it fetches them with the product's secret. */
  burn: number;
  naming: 'madeUp' | 'file';
  count: number | null;
  file?: NamesFile;
  /** Rows with problems are taken out before the file is sent. */
  leaveOut: boolean;
  qr: boolean;
}

export const NO_PLAN: Plan = { burn: BURN_EACH, naming: 'madeUp', count: 100, leaveOut: true, qr: true };

/** The plan with another way to get credentials. A device that fetches them must know its name: it comes from a file. */
export function withBurn(plan: Plan, burn: number): Plan {
  return { ...plan, burn, naming: burn === BURN_PRODUCT ? 'file' : plan.naming };
}

/** How many devices will be made, if nothing else stands in the way. */
export function planned(plan: Plan): number {
  return plan.naming === 'file' ? (plan.file?.report.good ?? 0) : (plan.count ?? 0);
}

/** Whether a batch can be made of it. */
export function isReady(plan: Plan): boolean {
  const number = planned(plan);
  return number >= 1 && number <= MOST_DEVICES && !(plan.naming === 'file' && plan.file?.report.tooMany);
}

/** The file that is sent. */
export function uploadOf({ file, leaveOut }: Plan): string {
  if (!file) return '';
  return leaveOut ? onlyGood(file.report) : file.text;
}
