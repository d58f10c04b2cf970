// How a device stands, by word, shape and colour.
import { Status, type Tone } from '../../kit';
import { useTexts } from './texts';

/** The states in the order in which they are listed. */
export const STATES = ['online', 'offline', 'inactive', 'disabled'] as const;
export type State = (typeof STATES)[number];

const TONES: Record<State, Tone> = { online: 'good', offline: 'off', inactive: 'plain', disabled: 'bad' };

/** What the server says of the state, as one of those known here. */
export const stateOf = (value: string): State => STATES.find((state) => state === value) ?? 'offline';

export function DeviceState({ state }: { state: string }) {
  const t = useTexts();
  const known = stateOf(state);
  return <Status tone={TONES[known]}>{t(`state.${known}`)}</Status>;
}
