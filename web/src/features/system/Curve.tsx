// A small curve of the last hours: the newest value in figures, the line, and its highest point. The same as a table for
// whoever does not see it.
import { useState, type ReactNode } from 'react';

import { Button, exact, Modal, Table } from '../../kit';
import { useTexts } from './texts';

export interface CurveProps {
  title: string;
  times: number[];
  values: number[];
  /** A value as people read it. */
  shown: (value: number) => string;
  /** Stands beside the newest value. */
  extra?: ReactNode;
}

const WIDTH = 300;
const HEIGHT = 64;
/** Room above the highest point and under zero, so that the line is not cut. */
const EDGE = 2;

/** The line through the values, from the first moment to the last and from zero to the highest. */
export function pathThrough(times: number[], values: number[]): string {
  const from = times[0] ?? 0;
  const span = Math.max(1, (times.at(-1) ?? 0) - from);
  const most = Math.max(...values, 0) || 1;
  return values
    .map((value, index) => {
      const x = (((times[index] ?? from) - from) / span) * WIDTH;
      const y = HEIGHT - EDGE - (Math.max(0, value) / most) * (HEIGHT - 2 * EDGE);
      return `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join(' ');
}

export function Curve({ title, times, values, shown, extra }: CurveProps) {
  const t = useTexts();
  const [asTable, setAsTable] = useState(false);
  const [at, setAt] = useState<number>();
  const index = at === undefined ? values.length - 1 : Math.min(at, values.length - 1);
  const value = values[index];
  const moment = times[index];
  return (
    <section className="system-curve" aria-label={title}>
      <header>
        <h2>{title}</h2>
        <Button size="small" type="text" disabled={values.length === 0} onClick={() => setAsTable(true)}>
          {t('status.table')}
        </Button>
      </header>
      <div className="system-curve-value">
        {value === undefined ? '—' : shown(value)}
        <span className="kit-faint">{at !== undefined && moment ? exact(moment) : extra}</span>
      </div>
      {values.length > 1 ? (
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={t('status.most', { value: shown(Math.max(...values)) })}
          onPointerMove={(event) => {
            const box = event.currentTarget.getBoundingClientRect();
            setAt(Math.round(((event.clientX - box.left) / box.width) * (values.length - 1)));
          }}
          onPointerLeave={() => setAt(undefined)}
        >
          <path d={pathThrough(times, values)} vectorEffect="non-scaling-stroke" />
        </svg>
      ) : (
        <p className="kit-faint">{t('status.none')}</p>
      )}
      {values.length > 1 && (
        <div className="kit-faint">{t('status.most', { value: shown(Math.max(...values)) })}</div>
      )}
      <Modal open={asTable} title={title} footer={null} onCancel={() => setAsTable(false)} destroyOnHidden>
        <Table
          size="small"
          rowKey="time"
          pagination={{ pageSize: 20, size: 'small', showSizeChanger: false }}
          dataSource={times.map((time, place) => ({ time, value: values[place] ?? 0 })).reverse()}
          columns={[
            { key: 'time', title: t('status.time'), render: (_, row) => exact(row.time) },
            { key: 'value', title: t('status.value'), align: 'right', render: (_, row) => shown(row.value) },
          ]}
        />
      </Modal>
    </section>
  );
}
