// A chart of the house: lines, bars, or a ranking, in the theme's colours. The same numbers are there as a table, for
// those who cannot see the picture or want the numbers, and as a file.
import { BarChartOutlined, DownloadOutlined, TableOutlined } from '@ant-design/icons';
import { Button, Segmented, Table, theme as antdTheme } from 'antd';
import { useEffect, useRef, useState, type ReactNode, type RefObject } from 'react';

import { useTheme } from '../../app/theme';
import { csvText } from '../csv';
import { saveText } from '../files';
import { count } from '../numbers';
import { useTexts } from '../texts';
import './chart.css';
import type { Engine } from './engine';
import { optionOf, type ChartData, type ChartStyle } from './option';

export interface ChartProps extends ChartData, ChartStyle {
  /** What is shown, in a few words: stands above it and is read out. */
  title: string;
  /** More about it, in one line. */
  about?: ReactNode;
  /** What the places are, for the table's first column: day, region. */
  placeTitle: string;
  /** In pixels. */
  height?: number;
  /** The name of the file with the numbers, without an ending. */
  file: string;
  /** Stands at the right of the title. */
  extra?: ReactNode;
  /** In place of the picture when there is nothing to draw. */
  empty?: ReactNode;
}

type View = 'chart' | 'table';

const IDLE_WITHIN_MS = 1_000;

export function Chart(props: ChartProps) {
  const t = useTexts();
  const { title, about, places, series, height = 240, empty, extra } = props;
  const [view, setView] = useState<View>('chart');
  const nothing = empty !== undefined && series.every((each) => each.values.every((value) => !value));
  return (
    <section className="kit-chart" aria-label={title}>
      <header className="kit-chart-head">
        <div className="kit-chart-title">
          <h2>{title}</h2>
          {about && <div className="kit-faint">{about}</div>}
        </div>
        {extra}
        <Segmented<View>
          size="small"
          value={view}
          onChange={setView}
          aria-label={t('chart.view')}
          options={[
            { value: 'chart', icon: <BarChartOutlined aria-label={t('chart.picture')} /> },
            { value: 'table', icon: <TableOutlined aria-label={t('chart.table')} /> },
          ]}
        />
        <Button
          size="small"
          type="text"
          icon={<DownloadOutlined />}
          aria-label={t('chart.save', { title })}
          title={t('chart.save', { title })}
          disabled={places.length === 0}
          onClick={() => saveText(`${props.file}.csv`, tableText(props), 'text/csv')}
        />
      </header>
      {view === 'table' ? (
        <NumberTable {...props} />
      ) : nothing ? (
        <div style={{ minHeight: height }} className="kit-chart-empty">
          {empty}
        </div>
      ) : (
        <Picture {...props} height={height} />
      )}
    </section>
  );
}

/** The numbers as CSV: a row a place, a column a series. Values are as they are, not as they are written. */
function tableText({ placeTitle, places, series, axis }: ChartProps): string {
  const head = [placeTitle, ...series.map((each) => each.name)];
  const rows = places.map((place, at) => [
    axis === 'time' ? new Date(Number(place)).toISOString() : String(place),
    ...series.map((each) => String(each.values[at] ?? '')),
  ]);
  return csvText([head, ...rows]);
}

function NumberTable({
  title,
  placeTitle,
  places,
  series,
  place = String,
  format = count,
  height = 240,
}: ChartProps) {
  const rows = places.map((name, at) => ({ key: at, name: place(name), at }));
  return (
    <Table
      size="small"
      aria-label={title}
      dataSource={rows}
      scroll={{ x: 'max-content', y: height - 40 }}
      pagination={false}
      virtual={rows.length > 200}
      columns={[
        { key: 'place', title: placeTitle, render: (_, row) => <bdi>{row.name}</bdi>, width: 180 },
        ...series.map((each) => ({
          key: each.name,
          title: each.name,
          align: 'right' as const,
          width: 120,
          render: (_: unknown, row: { at: number }) => {
            const value = each.values[row.at];
            return value === null || value === undefined ? '–' : format(value);
          },
        })),
      ]}
    />
  );
}

function Picture(props: ChartProps) {
  const t = useTexts();
  const { token } = antdTheme.useToken();
  const dark = useTheme((theme) => theme.dark);
  const element = useRef<HTMLDivElement>(null);
  const [engine, setEngine] = useState<Engine>();
  const wanted = useInSight(element);
  useEffect(() => {
    if (!wanted) return undefined;
    let started: Engine | undefined;
    let gone = false;
    const observer = new ResizeObserver(() => started?.resize());
    void import('./engine').then(({ start }) => {
      if (gone || !element.current) return;
      started = start(element.current);
      observer.observe(element.current);
      setEngine(started);
    });
    return () => {
      gone = true;
      observer.disconnect();
      started?.dispose();
    };
  }, [wanted]);
  useEffect(() => {
    const theme = {
      dark,
      text: token.colorText,
      faint: token.colorTextSecondary,
      line: token.colorBorderSecondary,
      background: token.colorBgElevated,
      font: token.fontFamily,
    };
    engine?.setOption(optionOf(props, props, theme), { notMerge: true });
  }, [engine, props, dark, token]);
  return (
    <div
      ref={element}
      role="img"
      aria-label={`${props.title}. ${t('chart.seeTable')}`}
      className="kit-chart-picture"
      style={{ height: props.height }}
    />
  );
}

/**
 * Whether the element has been in sight and the page had nothing else to do: the engine is larger than many a page, and
 * what one reads first should not wait for it.
 */
function useInSight(element: RefObject<HTMLElement | null>): boolean {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (seen || !element.current) return undefined;
    let idle: number | undefined;
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      idle = requestIdleCallback(() => setSeen(true), { timeout: IDLE_WITHIN_MS });
    });
    observer.observe(element.current);
    return () => {
      observer.disconnect();
      if (idle !== undefined) cancelIdleCallback(idle);
    };
  }, [seen, element]);
  return seen;
}
