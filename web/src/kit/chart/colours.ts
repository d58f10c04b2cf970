// The colours of series. Each pair has a contrast of at least 3 to 1 with the page; lines are told apart by their pattern
// as well.
const light = ['#0f766e', '#b45309', '#4338ca', '#be185d', '#4d7c0f', '#0369a1'];
const dark = ['#2dd4bf', '#fbbf24', '#a5b4fc', '#f9a8d4', '#bef264', '#7dd3fc'];
const patterns = ['solid', 'dashed', 'dotted'] as const;

/** The colour of a series by its place. */
export function colourOf(place: number, isDark: boolean): string {
  const colours = isDark ? dark : light;
  return colours[place % colours.length] ?? '#0f766e';
}

/** The pattern of its line: solid as long as two colours tell the series apart. */
export function patternOf(place: number): (typeof patterns)[number] {
  return patterns[place % patterns.length] ?? 'solid';
}
