// What the fields of passwords want before the server is asked; the server has the last word.

/** The fewest characters that the server takes. */
const FEWEST = 10;

export const newPasswordRules = () => [{ required: true }, { min: FEWEST }];

/** The second field says the same as the first one. */
export const repeatRules = (first: string, differs: string) => [
  { required: true },
  ({ getFieldValue }: { getFieldValue: (name: string) => unknown }) => ({
    validator: (_: unknown, value: unknown) =>
      !value || value === getFieldValue(first) ? Promise.resolve() : Promise.reject(new Error(differs)),
  }),
];
