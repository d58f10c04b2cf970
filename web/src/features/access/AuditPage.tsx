// What was done, by whom, from where, with which outcome; each entry with the object before and after.
import { useState } from 'react';

import { useOperation, type Answer } from '../../api';
import {
  Button,
  CodeBlock,
  Empty,
  Id,
  Input,
  Page,
  ResourceTable,
  Space,
  Status,
  TextDiff,
  Time,
  useAddress,
  type Column,
} from '../../kit';
import './access.css';
import { useTexts } from './texts';

type Entry = Answer<'DescribeAuditLog'>['Entries'][number];

const PAGE = 50;

export default function AuditPage() {
  const t = useTexts();
  const [{ operation, actor }, setAddress] = useAddress({ operation: '', actor: '' });
  const [cursors, setCursors] = useState<string[]>([]);
  const number = Number(actor);
  const list = useOperation(
    'DescribeAuditLog',
    {
      Operation: operation.trim() || undefined,
      ActorUin: actor !== '' && Number.isSafeInteger(number) ? number : undefined,
      Limit: PAGE,
      Cursor: cursors.at(-1),
    },
    { keep: true },
  );
  const filter = (change: { operation?: string; actor?: string }) => {
    setCursors([]);
    setAddress(change);
  };
  const columns: Column<Entry>[] = [
    { key: 'time', title: t('audit.time'), fixed: true, render: (entry) => <Time at={entry.Time * 1_000} /> },
    {
      key: 'operation',
      title: t('audit.operation'),
      fixed: true,
      render: (entry) => (
        <Button type="link" onClick={() => filter({ operation: entry.Operation })}>
          {entry.Operation}
        </Button>
      ),
    },
    {
      key: 'outcome',
      title: t('audit.outcome'),
      render: (entry) =>
        entry.Outcome === 'ok' ? (
          <Status tone="good">{t('audit.ok')}</Status>
        ) : (
          <Status tone="bad">
            <code>{entry.Outcome}</code>
          </Status>
        ),
    },
    {
      key: 'actor',
      title: t('audit.actor'),
      render: (entry) =>
        entry.ActorUin === 0 ? (
          <span className="kit-faint">{t('audit.nobody')}</span>
        ) : (
          <Button type="link" onClick={() => filter({ actor: String(entry.ActorUin) })}>
            {entry.ActorUin}
          </Button>
        ),
    },
    { key: 'means', title: t('audit.means'), render: (entry) => <code>{entry.Means}</code> },
    { key: 'address', title: t('audit.address'), render: (entry) => entry.Address },
    {
      key: 'resource',
      title: t('audit.resource'),
      extra: true,
      render: (entry) => <code>{entry.Resource}</code>,
    },
  ];
  return (
    <Page title={t('audit.title')} about={t('audit.about')}>
      <ResourceTable
        id="audit"
        label={t('audit.title')}
        columns={columns}
        rows={list.data?.Entries}
        rowKey={(entry) => String(entry.Id)}
        loading={list.isPending}
        error={list.error}
        refresh={() => void list.refetch()}
        filters={
          <>
            <Input
              allowClear
              value={operation}
              aria-label={t('audit.operation')}
              placeholder={t('audit.operation')}
              onChange={(event) => filter({ operation: event.target.value })}
              style={{ width: 200 }}
            />
            <Input
              allowClear
              value={actor}
              inputMode="numeric"
              aria-label={t('audit.actor')}
              placeholder={t('audit.actor')}
              onChange={(event) => filter({ actor: event.target.value })}
              style={{ width: 160 }}
            />
          </>
        }
        expanded={(entry) => <Details entry={entry} />}
        empty={<Empty title={t('audit.emptyTitle')}>{t('audit.emptyText')}</Empty>}
      />
      <Space className="access-section">
        <Button disabled={cursors.length === 0} onClick={() => setCursors(cursors.slice(0, -1))}>
          {t('audit.newer')}
        </Button>
        <Button
          disabled={!list.data?.NextCursor}
          onClick={() => list.data && setCursors([...cursors, list.data.NextCursor])}
        >
          {t('audit.older')}
        </Button>
      </Space>
    </Page>
  );
}

const written = (value: unknown) =>
  value === undefined || value === null ? '' : JSON.stringify(value, null, 2);

function Details({ entry }: { entry: Entry }) {
  const t = useTexts();
  const [before, after] = [written(entry.Before), written(entry.After)];
  return (
    <div className="access-once">
      <div>
        {t('audit.request')} <Id value={entry.RequestId} />
      </div>
      <CodeBlock text={written(entry.Request)} label={t('audit.request')} maxHeight={240} />
      {(before !== '' || after !== '') && (
        <TextDiff before={before} after={after} labels={[t('audit.before'), t('audit.after')]} />
      )}
    </div>
  );
}
