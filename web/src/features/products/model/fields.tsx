// What the fields of a function share: what is said about their places in the document.
import { createContext, use, type ReactNode } from 'react';

import { Form } from '../../../kit';
import type { Problem } from './problems';

/** What is wrong with the function that is edited; places begin with the function's own. */
export const FieldProblems = createContext<readonly Problem[]>([]);

/** A field of the document with its label, and with what is wrong at its place. */
export function Field({
  path,
  label,
  extra,
  within = false,
  children,
}: {
  path: string;
  label?: ReactNode;
  extra?: ReactNode;
  /** Shows also what is wrong inside of the place. */
  within?: boolean;
  children: ReactNode;
}) {
  const problems = use(FieldProblems).filter(
    (problem) =>
      problem.path === path ||
      (within && (problem.path.startsWith(`${path}.`) || problem.path.startsWith(`${path}[`))),
  );
  const worst = problems.some((problem) => problem.severity === 'error') ? 'error' : 'warning';
  return (
    <Form.Item
      label={label}
      extra={extra}
      validateStatus={problems.length > 0 ? worst : undefined}
      help={
        problems.length > 0
          ? [...new Set(problems.map((problem) => problem.text))].map((text) => <div key={text}>{text}</div>)
          : undefined
      }
      className="products-field"
    >
      {children}
    </Form.Item>
  );
}
