// Lists that work at size: the server pages, the address holds page and sorting, columns can be chosen and the choice
// is kept, selected rows offer what can be done with all of them.
import { ReloadOutlined, SettingOutlined } from '@ant-design/icons';
import { Button, Checkbox, Popover, Table } from 'antd';
import type { ColumnType, TableProps } from 'antd/es/table';
import { useState, type ReactNode } from 'react';

import { count } from './numbers';
import { FailureNote } from './Failure';
import { useTexts } from './texts';

export interface Column<Row> {
  key: string;
  title: string;
  render: (row: Row) => ReactNode;
  /** Not shown until chosen. */
  extra?: boolean;
  /** Cannot be taken away. */
  fixed?: boolean;
  width?: number | string;
  align?: 'left' | 'right';
  sortable?: boolean;
}

export interface ResourceTableProps<Row extends object> {
  /** Names the list in what the browser keeps, and to screen readers. */
  id: string;
  label: string;
  columns: Column<Row>[];
  rows: Row[] | undefined;
  rowKey: (row: Row) => string;
  loading?: boolean;
  error?: unknown;
  refresh?: () => void;
  /** In all, with the page that is shown, counted from 1; without it all rows are there. */
  paging?: { total: number; page: number; size: number; onChange: (page: number, size: number) => void };
  sort?: { by: string; descending: boolean; onChange: (by: string, descending: boolean) => void };
  /** What stands above the table: filters. */
  filters?: ReactNode;
  selection?: { keys: string[]; onChange: (keys: string[]) => void; actions: ReactNode };
  empty: ReactNode;
  expanded?: (row: Row) => ReactNode;
}

function keptColumns(id: string): string[] | undefined {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(`yizhan.columns.${id}`) ?? 'null');
    return Array.isArray(kept) ? kept.map(String) : undefined;
  } catch {
    return undefined;
  }
}

export function ResourceTable<Row extends object>(props: ResourceTableProps<Row>) {
  const t = useTexts();
  const { id, columns, rows, paging, sort, selection } = props;
  const standard = columns.filter((column) => !column.extra).map((column) => column.key);
  const [chosen, setChosen] = useState(keptColumns(id) ?? standard);
  const choose = (keys: string[]) => {
    setChosen(keys);
    localStorage.setItem(`yizhan.columns.${id}`, JSON.stringify(keys));
  };
  const shown = columns.filter((column) => column.fixed || chosen.includes(column.key));
  const settings: TableProps<Row>['rowSelection'] = selection && {
    selectedRowKeys: selection.keys,
    preserveSelectedRowKeys: true,
    onChange: (keys) => selection.onChange(keys.map(String)),
    getTitleCheckboxProps: () => ({ 'aria-label': t('columns') }),
  };
  return (
    <section className="kit-table" aria-label={props.label}>
      <div className="kit-table-bar">
        <div className="kit-table-filters">{props.filters}</div>
        <span className="kit-faint" aria-live="polite">
          {paging && t('total', { number: count(paging.total) })}
        </span>
        {columns.some((column) => !column.fixed) && (
          <ColumnChooser columns={columns} chosen={chosen} onChange={choose} />
        )}
        {props.refresh && (
          <Button
            icon={<ReloadOutlined />}
            aria-label={t('refresh')}
            title={t('refresh')}
            onClick={props.refresh}
          />
        )}
      </div>
      {selection && selection.keys.length > 0 && (
        <div className="kit-table-selection" role="toolbar">
          {selection.actions}
        </div>
      )}
      <FailureNote error={props.error} retry={props.refresh} />
      <Table<Row>
        size="small"
        columns={shown.map((column) => antColumn(column, sort))}
        dataSource={rows}
        rowKey={props.rowKey}
        loading={props.loading}
        rowSelection={settings}
        scroll={{ x: 'max-content' }}
        expandable={props.expanded ? { expandedRowRender: props.expanded } : undefined}
        locale={{ emptyText: props.error || props.loading ? ' ' : props.empty }}
        onChange={(_, __, sorter) => {
          const by = Array.isArray(sorter) ? sorter[0] : sorter;
          if (sort && by?.columnKey) sort.onChange(String(by.columnKey), by.order === 'descend');
        }}
        pagination={
          paging
            ? {
                current: paging.page,
                pageSize: paging.size,
                total: paging.total,
                onChange: paging.onChange,
                showSizeChanger: true,
                hideOnSinglePage: paging.total <= 10,
                size: 'small',
              }
            : { hideOnSinglePage: true, defaultPageSize: 50, size: 'small' }
        }
      />
    </section>
  );
}

function antColumn<Row>(
  column: Column<Row>,
  sort: ResourceTableProps<Row & object>['sort'],
): ColumnType<Row> {
  const order = sort?.by === column.key ? (sort.descending ? 'descend' : 'ascend') : null;
  return {
    key: column.key,
    title: column.title,
    width: column.width,
    align: column.align,
    sorter: column.sortable ? true : undefined,
    sortOrder: column.sortable ? order : undefined,
    render: (_: unknown, row: Row) => column.render(row),
  };
}

function ColumnChooser<Row>({
  columns,
  chosen,
  onChange,
}: {
  columns: Column<Row>[];
  chosen: string[];
  onChange: (keys: string[]) => void;
}) {
  const t = useTexts();
  const options = columns
    .filter((column) => !column.fixed)
    .map((column) => ({ value: column.key, label: column.title }));
  return (
    <Popover
      trigger="click"
      placement="bottomRight"
      content={
        <Checkbox.Group
          className="kit-column-chooser"
          options={options}
          value={chosen}
          onChange={(keys) => onChange(keys.map(String))}
        />
      }
    >
      <Button icon={<SettingOutlined />} aria-label={t('columns')} title={t('columns')} />
    </Popover>
  );
}
