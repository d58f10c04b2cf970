// What counters say when they are read as rates. A counter starts at zero with the server, so a smaller value than before
// means a restart and no rate.

/** The growth of a counter between two moments, for each `perMs` milliseconds. */
export function rates(
  times: number[],
  values: number[],
  perMs: number,
): { times: number[]; values: number[] } {
  const result = { times: [] as number[], values: [] as number[] };
  for (let index = 1; index < times.length; index += 1) {
    const [before, now] = [times[index - 1] ?? 0, times[index] ?? 0];
    const grown = (values[index] ?? 0) - (values[index - 1] ?? 0);
    if (now <= before || grown < 0) continue;
    result.times.push(now);
    result.values.push((grown / (now - before)) * perMs);
  }
  return result;
}
