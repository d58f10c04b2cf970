// What the chart library is told to draw: made of the data and the theme, with nothing left to its own taste.
import type { EChartsCoreOption } from 'echarts/core';

import { count } from '../numbers';
import { colourOf, patternOf } from './colours';

/** A line or a row of bars. */
export interface Series {
  name: string;
  /** A value for each place on the axis; none where nothing is known. */
  values: (number | null)[];
}

/** What a chart shows. */
export interface ChartData {
  /** The names of the places along the axis, such as days; moments in milliseconds with `axis: 'time'`. */
  places: (string | number)[];
  series: Series[];
}

export interface ChartStyle {
  kind: 'line' | 'bar' | 'rank';
  /** Places are moments and stand as far apart as they are. */
  axis?: 'time';
  stacked?: boolean;
  /** How values are written; counts by default. */
  format?: (value: number) => string;
  /** How places are written; as they are by default. */
  place?: (place: string | number) => string;
}

/** The theme's colours as a chart needs them. */
export interface ChartTheme {
  dark: boolean;
  text: string;
  faint: string;
  line: string;
  background: string;
  font: string;
}

interface Hovered {
  seriesName: string;
  marker: string;
  value: unknown;
  name: string;
  axisValue?: string | number;
}

/** Text that may hold anything, for the tooltip, which is HTML. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function tooltip(style: ChartStyle, theme: ChartTheme) {
  const write = style.format ?? count;
  const place = style.place ?? String;
  return {
    trigger: 'axis',
    confine: true,
    backgroundColor: theme.background,
    borderColor: theme.line,
    textStyle: { color: theme.text, fontFamily: theme.font, fontSize: 12 },
    axisPointer: { type: style.kind === 'line' ? 'line' : 'shadow', lineStyle: { color: theme.faint } },
    formatter: (found: Hovered | Hovered[]) => {
      const all = Array.isArray(found) ? found : [found];
      const [first] = all;
      if (!first) return '';
      const rows = all.map(({ marker, seriesName, value }) => {
        const plain = Array.isArray(value) ? (value as unknown[])[1] : value;
        const shown = typeof plain === 'number' ? write(plain) : '–';
        return `${marker}${escaped(seriesName)} <b>${escaped(shown)}</b>`;
      });
      return [escaped(place(first.axisValue ?? first.name)), ...rows].join('<br/>');
    },
  };
}

/** The option of the chart library. */
export function optionOf(
  { places, series }: ChartData,
  style: ChartStyle,
  theme: ChartTheme,
): EChartsCoreOption {
  const ranked = style.kind === 'rank';
  const write = style.format ?? count;
  const place = style.place ?? String;
  const placeAxis = {
    type: style.axis === 'time' ? 'time' : 'category',
    data: style.axis === 'time' ? undefined : places.map(String),
    inverse: ranked,
    boundaryGap: style.kind !== 'line',
    axisLine: { lineStyle: { color: theme.line } },
    axisTick: { show: false },
    axisLabel: {
      color: theme.faint,
      hideOverlap: true,
      // The names at the ends stay inside.
      alignMinLabel: ranked ? undefined : 'left',
      alignMaxLabel: ranked ? undefined : 'right',
      formatter: style.axis === 'time' ? undefined : (name: string) => place(name),
      ...(ranked ? { width: 140, overflow: 'truncate' } : {}),
    },
  };
  const valueAxis = {
    type: 'value',
    minInterval: style.format ? undefined : 1,
    splitNumber: 4,
    axisLabel: { color: theme.faint, formatter: (value: number) => write(value) },
    splitLine: { lineStyle: { color: theme.line, type: 'dashed' } },
  };
  return {
    animation: false,
    aria: { enabled: false },
    textStyle: { fontFamily: theme.font },
    grid: { left: 8, right: 16, top: series.length > 1 ? 36 : 12, bottom: 8, outerBoundsMode: 'same' },
    legend: {
      show: series.length > 1,
      type: 'plain',
      top: 0,
      left: 0,
      itemWidth: 22,
      textStyle: { color: theme.text },
    },
    tooltip: tooltip(style, theme),
    xAxis: ranked ? valueAxis : placeAxis,
    yAxis: ranked ? placeAxis : valueAxis,
    series: series.map((each, index) => ({
      name: each.name,
      type: style.kind === 'line' ? 'line' : 'bar',
      stack: style.stacked ? 'all' : undefined,
      data: style.axis === 'time' ? each.values.map((value, at) => [places[at], value]) : each.values,
      color: colourOf(index, theme.dark),
      lineStyle: { width: 2, type: patternOf(index) },
      // A single point has no line to be seen by.
      showSymbol: places.length <= 32,
      symbolSize: 5,
      barMaxWidth: 28,
      sampling: places.length > 2_000 ? 'lttb' : undefined,
      emphasis: { focus: 'none' },
    })),
  };
}
