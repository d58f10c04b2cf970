import { describe, expect, it } from 'vitest';

import { optionOf, type ChartTheme } from './option';

const theme: ChartTheme = { dark: false, text: '', faint: '', line: '', background: '', font: '' };

interface Drawn {
  tooltip: { formatter: (found: object[]) => string };
  series: { data: unknown[]; lineStyle: { type: string } }[];
  xAxis: { type: string };
  yAxis: { type: string };
}

describe('the option of a chart', () => {
  it('shows names full of markup as they are', () => {
    const option = optionOf({ places: ['<b>'], series: [] }, { kind: 'line' }, theme) as unknown as Drawn;
    const hovered = { seriesName: '<img src=x onerror=alert(1)>', marker: '', value: 1234, axisValue: '<b>' };
    const text = option.tooltip.formatter([hovered]);
    expect(text).not.toContain('<img');
    expect(text).toContain('1,234');
  });

  it('tells lines apart by more than their colour and gives moments their place', () => {
    const series = ['a', 'b'].map((name) => ({ name, values: [1, null] }));
    const option = optionOf(
      { places: [1_000, 5_000], series },
      { kind: 'line', axis: 'time' },
      theme,
    ) as unknown as Drawn;
    expect(option.series.map((each) => each.lineStyle.type)).toEqual(['solid', 'dashed']);
    expect(option.series[0]?.data).toEqual([
      [1_000, 1],
      [5_000, null],
    ]);
  });

  it('puts the places of a ranking at the side', () => {
    const option = optionOf({ places: ['x'], series: [] }, { kind: 'rank' }, theme) as unknown as Drawn;
    expect([option.xAxis.type, option.yAxis.type]).toEqual(['value', 'category']);
  });
});
