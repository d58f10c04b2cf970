/** The address of a device's page; names may hold colons. */
export function deviceAddress(productId: string, deviceName: string, tab?: string): string {
  const path = `/devices/${encodeURIComponent(productId)}/${encodeURIComponent(deviceName)}`;
  return tab ? `${path}?tab=${tab}` : path;
}
