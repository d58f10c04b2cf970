/** Where the page of a batch is. */
export function addressOf({
  ProductId,
  BatchProductionId,
}: {
  ProductId: string;
  BatchProductionId: string;
}): string {
  return `/production/${ProductId}/${BatchProductionId}`;
}
