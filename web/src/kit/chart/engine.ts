// The chart library with the parts that the house charts use. Loaded when the first chart is shown.
import { BarChart, LineChart } from 'echarts/charts';
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import { init, use as register, type EChartsType } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

register([
  AriaComponent,
  BarChart,
  CanvasRenderer,
  GridComponent,
  LegendComponent,
  LineChart,
  TooltipComponent,
]);

export type Engine = EChartsType;

/** Draws into the element from now on. */
export function start(element: HTMLElement): Engine {
  return init(element, undefined, { renderer: 'canvas' });
}
