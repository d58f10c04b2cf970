// What differs between two models, function by function. Order of keys and white space count for nothing. Pure.
import { functionsOf, LISTS, type Feature, type Model } from './document';

/** A function that is there in one model only, or not alike in both. */
export interface Difference {
  feature: Feature | 'document';
  identifier: string;
  name: string;
  kind: 'added' | 'removed' | 'changed';
  /** The function as JSON, as people read it; empty where it is not there. */
  before: string;
  after: string;
}

/** Compares two models, in the order of the new one; what was removed comes last. */
export function differences(before: Model, after: Model): Difference[] {
  const old = new Map(functionsOf(before).map((each) => [`${each.feature} ${each.value.id}`, each]));
  const now = functionsOf(after);
  const found: Difference[] = [];
  for (const each of now) {
    const key = `${each.feature} ${each.value.id}`;
    const was = old.get(key);
    old.delete(key);
    const pair = [was ? shown(was.value) : '', shown(each.value)] as const;
    if (pair[0] === pair[1]) continue;
    found.push({
      feature: each.feature,
      identifier: each.value.id,
      name: each.value.name,
      kind: was ? 'changed' : 'added',
      before: pair[0],
      after: pair[1],
    });
  }
  for (const { feature, value } of old.values()) {
    found.push({
      feature,
      identifier: value.id,
      name: value.name,
      kind: 'removed',
      before: shown(value),
      after: '',
    });
  }
  const rest = [shown(restOf(before)), shown(restOf(after))] as const;
  if (rest[0] !== rest[1]) {
    found.push({
      feature: 'document',
      identifier: '$',
      name: '',
      kind: 'changed',
      before: rest[0],
      after: rest[1],
    });
  }
  return found;
}

/** Whether two models say the same. */
export function sameModel(before: Model, after: Model): boolean {
  return shown(before) === shown(after);
}

const lists: readonly string[] = Object.values(LISTS);

function restOf(model: Model): Record<string, unknown> {
  return Object.fromEntries(Object.entries(model).filter(([key]) => !lists.includes(key)));
}

/** Keys in one order, so that equal values are equal texts: the usual ones first, as people expect them. */
function shown(value: unknown): string {
  return JSON.stringify(sorted(value), null, 2);
}

const USUAL = ['version', 'profile', 'id', 'name', 'desc', 'required', 'mode', 'type', 'define', 'dataType'];

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const place = (key: string) => {
    const index = USUAL.indexOf(key);
    return index < 0 ? USUAL.length : index;
  };
  const entries = Object.entries(value).sort(
    ([left], [right]) => place(left) - place(right) || (left < right ? -1 : 1),
  );
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
