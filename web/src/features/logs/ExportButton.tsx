// Saves every row that fits the filter, page by page; it can be stopped and says when there was more than a file has.
import { useEffect, useRef, useState } from 'react';

import { Button, count, Dropdown, icons, notice, saveText, sentenceOf, type TailFilter } from '../../kit';
import { csvOf, everyRow, linesOf, MOST_EXPORTED, type LogScope } from './history';
import { useTexts } from './texts';

export function ExportButton({ scope, filter }: { scope: LogScope; filter: TailFilter }) {
  const t = useTexts();
  const [rows, setRows] = useState<number>();
  const aborter = useRef<AbortController>(undefined);
  useEffect(() => () => aborter.current?.abort(), []);
  const run = async (format: 'lines' | 'csv') => {
    const mine = new AbortController();
    aborter.current = mine;
    setRows(0);
    try {
      const { rows: found, more } = await everyRow(scope, filter, mine.signal, setRows);
      const name = `logs-${[scope.product, scope.device].filter(Boolean).join('-') || 'all'}`;
      if (format === 'csv') saveText(`${name}.csv`, `\uFEFF${csvOf(found)}`, 'text/csv');
      else saveText(`${name}.jsonl`, linesOf(found), 'application/x-ndjson');
      notice.done(t(more ? 'export.cut' : 'export.done', { number: count(found.length) }));
    } catch (error) {
      if (!mine.signal.aborted) notice.failed(sentenceOf(error));
    } finally {
      setRows(undefined);
    }
  };
  if (rows !== undefined)
    return (
      <Button size="small" icon={<icons.StopOutlined />} onClick={() => aborter.current?.abort()}>
        {t('export.running', { number: count(rows) })} · {t('export.stop')}
      </Button>
    );
  return (
    <Dropdown
      trigger={['click']}
      menu={{
        items: [
          { key: 'lines', label: t('export.lines') },
          { key: 'csv', label: t('export.csv') },
        ],
        onClick: ({ key }) => void run(key === 'csv' ? 'csv' : 'lines'),
      }}
    >
      <Button
        size="small"
        icon={<icons.DownloadOutlined />}
        title={t('export.what', { number: count(MOST_EXPORTED) })}
      >
        {t('export.start')}
      </Button>
    </Dropdown>
  );
}
