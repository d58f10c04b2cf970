// Buttons and questions, failures, empty places, lists.
import { Button } from 'antd';
import { useState } from 'react';

import { ApiFailure, UNREACHABLE } from '../../api';
import { Danger } from '../danger';
import { Empty } from '../Empty';
import { FailureNote } from '../Failure';
import { GuardedButton } from '../Guarded';
import { decimal } from '../numbers';
import { ResourceTable, type Column } from '../ResourceTable';
import { Status } from '../Status';
import { Time } from '../Time';
import { HOSTILE, sampleRows, type SampleRow } from './samples';
import { useTexts } from './texts';

export function Buttons() {
  const t = useTexts();
  const [asking, setAsking] = useState(false);
  return (
    <div className="gallery-row">
      <Button>{t('plain')}</Button>
      <Button type="primary">{t('primary')}</Button>
      <GuardedButton operation="DescribeInstances" because={t('reason')}>
        {t('guarded')}
      </GuardedButton>
      <Button danger onClick={() => setAsking(true)}>
        {t('danger')}
      </Button>
      <Danger
        open={asking}
        title={t('danger')}
        name={HOSTILE}
        onConfirm={() => Promise.resolve()}
        onClose={() => setAsking(false)}
      >
        {t('dangerText')}
      </Danger>
    </div>
  );
}

export function Failures() {
  const t = useTexts();
  return (
    <>
      <FailureNote
        error={new ApiFailure('InvalidParameterValue', t('failure'), 400, '0b1946ca-sample')}
        retry={() => undefined}
      />
      <FailureNote error={new ApiFailure(UNREACHABLE, '', 0, '')} />
    </>
  );
}

export function Voids() {
  const t = useTexts();
  return (
    <Empty title={t('emptyTitle')} action={<Button type="primary">{t('action')}</Button>}>
      {t('emptyText')}
    </Empty>
  );
}

export function Tables() {
  const t = useTexts();
  const [rows] = useState(() => sampleRows(Date.now()));
  const [{ page, size }, setPage] = useState({ page: 1, size: 10 });
  const [keys, setKeys] = useState<string[]>([]);
  const [sort, setSort] = useState({ by: 'number', descending: false });
  const sorted = sort.descending ? rows.toReversed() : rows;
  const columns: Column<SampleRow>[] = [
    { key: 'name', title: t('name'), fixed: true, render: (row) => <bdi>{row.name}</bdi> },
    {
      key: 'number',
      title: t('number'),
      align: 'right',
      sortable: true,
      render: (row) => decimal(row.number),
    },
    {
      key: 'state',
      title: t('state'),
      render: ({ on }) => <Status tone={on ? 'good' : 'off'}>{t(on ? 'tone.good' : 'tone.off')}</Status>,
    },
    { key: 'when', title: t('when'), render: (row) => <Time at={row.at} />, extra: true },
  ];
  return (
    <ResourceTable
      id="gallery"
      label={t('group.table')}
      columns={columns}
      rows={sorted.slice((page - 1) * size, page * size)}
      rowKey={(row) => row.id}
      refresh={() => setKeys([])}
      paging={{ total: rows.length, page, size, onChange: (next, by) => setPage({ page: next, size: by }) }}
      sort={{ ...sort, onChange: (by, descending) => setSort({ by, descending }) }}
      selection={{ keys, onChange: setKeys, actions: t('rowsChosen', { number: keys.length }) }}
      expanded={(row) => `${t('row')} ${row.id}`}
      empty={<Empty title={t('emptyTitle')} />}
    />
  );
}
