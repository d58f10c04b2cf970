// What is said of an application in the form that the operations have it. Pure.

/** The products of an application: a JSON array in a text. */
export function productsIn(text: string): string[] {
  try {
    const ids: unknown = JSON.parse(text || '[]');
    return Array.isArray(ids) ? ids.filter((id): id is string => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

/** What stands in a device's QR code: apps hand `Signature` back to bind the device. As in the pictures of a batch. */
export function bindingText(ProductId: string, DeviceName: string, Signature: string): string {
  return JSON.stringify({ DeviceName, ProductId, Signature });
}

/** The members that are not as they were. */
export function changed<T extends object>(before: T, after: Partial<T>): Partial<T> {
  const entries = Object.entries(after).filter(
    ([name, value]) => (value ?? '') !== (before[name as keyof T] ?? ''),
  );
  return Object.fromEntries(entries.map(([name, value]) => [name, value ?? ''])) as Partial<T>;
}
