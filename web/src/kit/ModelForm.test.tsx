import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { useState } from 'react';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';

import { setLanguage } from '../texts/i18n';
import { ModelForm } from './ModelForm';
import { readModel, type Values } from './thingModel';

// The component library takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });
beforeAll(() => setLanguage('en'));
afterEach(cleanup);

const { properties } = readModel(
  JSON.stringify({
    properties: [
      { id: 'level', name: 'Level', mode: 'rw', define: { type: 'int', min: '0', max: '100', unit: '%' } },
      { id: 'on', name: 'On', mode: 'rw', define: { type: 'bool', mapping: { '0': 'off', '1': 'on' } } },
      { id: 'power', name: 'Power', mode: 'r', define: { type: 'float' } },
    ],
  }),
);

const readOnly = ({ mode }: { mode: string }) => mode === 'r';

/** The form with whoever holds its values; gives what it was told last. */
function filled(): () => Values {
  const told = vi.fn<(values: Values) => void>();
  function Holder() {
    const [value, setValue] = useState<Values>({});
    const onChange = (next: Values) => {
      setValue(next);
      told(next);
    };
    const present = { level: 7, power: 3 };
    return <ModelForm label="Form" fields={properties} {...{ value, onChange, present, readOnly }} />;
  }
  render(<Holder />);
  return () => told.mock.lastCall?.[0] ?? {};
}

test('what is filled in is sent, what is left out is not', () => {
  const held = filled();
  fireEvent.click(screen.getByRole('radio', { name: 'on' }));
  fireEvent.change(screen.getByRole('spinbutton', { name: 'Level' }), { target: { value: '50' } });
  expect(held()).toEqual({ on: 1, level: 50 });
  fireEvent.click(screen.getByRole('button', { name: 'Leave out On' }));
  expect(held()).toEqual({ level: 50 });
});

test('what does not fit is said beside the control, and what is in force is shown', () => {
  filled();
  expect(screen.getByText('now 7 %')).toBeTruthy();
  expect(screen.queryByRole('spinbutton', { name: 'Power' })).toBeNull();
  fireEvent.change(screen.getByRole('spinbutton', { name: 'Level' }), { target: { value: '101' } });
  expect(screen.getByText('It is at most 100.')).toBeTruthy();
});

test('the same values can be written as JSON', () => {
  const held = filled();
  fireEvent.click(screen.getByText('JSON'));
  const json = screen.getByRole('textbox', { name: 'Form, JSON' });
  fireEvent.change(json, { target: { value: '{"level": 3, "power": 1, "other": 2}' } });
  expect(held()).toEqual({ level: 3, power: 1, other: 2 });
  expect(screen.getByText('It is read only.')).toBeTruthy();
  expect(screen.getByText('The model does not have it.')).toBeTruthy();
  fireEvent.change(json, { target: { value: '{"level": ' } });
  expect(screen.getByText(/This is not JSON yet/)).toBeTruthy();
  expect(held()).toMatchObject({ level: 3 });
});
