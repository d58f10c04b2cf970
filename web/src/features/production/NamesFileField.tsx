// A file of names with the report of a look at it: nothing is sent before one has seen what it would make.
import { useState } from 'react';

import {
  Alert,
  Button,
  Checkbox,
  count,
  icons,
  saveText,
  Segmented,
  Status,
  Table,
  Upload,
  type TableProps,
} from '../../kit';
import { LARGEST_FILE, lookAtNames, type NamedRow } from './names';
import type { NamesFile, Plan } from './plan';
import { useTexts } from './texts';

const template = 'DeviceName\nunit-0001\nunit-0002\n';

export function NamesFileField({ plan, onChange }: { plan: Plan; onChange: (plan: Plan) => void }) {
  const t = useTexts();
  const [refused, setRefused] = useState<string>();
  const take = async (file: File) => {
    onChange({ ...plan, file: undefined });
    if (file.size > LARGEST_FILE) {
      setRefused(t('file.tooLarge'));
      return;
    }
    try {
      const text = await file.text();
      setRefused(undefined);
      onChange({ ...plan, file: { name: file.name, text, report: lookAtNames(text) } });
    } catch {
      setRefused(t('file.unreadable'));
    }
  };
  return (
    <div className="production-file">
      <Upload.Dragger
        accept=".csv,.txt,text/csv,text/plain"
        showUploadList={false}
        multiple={false}
        beforeUpload={(file) => {
          void take(file);
          // The file stays in the browser until the batch is made.
          return false;
        }}
      >
        <p>
          <icons.UploadOutlined /> {t('file.choose')}
        </p>
        <p className="kit-faint">{t('file.rule')}</p>
      </Upload.Dragger>
      <Button
        size="small"
        type="link"
        icon={<icons.DownloadOutlined />}
        onClick={() => saveText('names.csv', template, 'text/csv')}
      >
        {t('file.template')}
      </Button>
      {refused && <Alert type="error" showIcon title={refused} />}
      {plan.file && <Report file={plan.file} />}
      {plan.file && plan.file.report.good < plan.file.report.rows.length && (
        <Checkbox
          checked={plan.leaveOut}
          onChange={(event) => onChange({ ...plan, leaveOut: event.target.checked })}
        >
          {t('file.leaveOut')}
        </Checkbox>
      )}
    </div>
  );
}

function Report({ file: { name, report } }: { file: NamesFile }) {
  const t = useTexts();
  const bad = report.rows.length - report.good;
  const [onlyBad, setOnlyBad] = useState(bad > 0);
  if (report.rows.length === 0) return <Alert type="warning" showIcon title={t('file.none')} />;
  const columns: TableProps<NamedRow>['columns'] = [
    { title: t('file.line'), width: 72, align: 'right', render: (_, row) => count(row.line) },
    {
      title: t('file.name'),
      render: (_, row) => <bdi className="kit-code production-name">{row.name}</bdi>,
    },
    { title: t('file.result'), render: (_, row) => <RowResult row={row} /> },
  ];
  return (
    <section aria-label={t('file.report')} className="production-report">
      <div className="production-report-head">
        <bdi className="kit-code">{name}</bdi>
        <Status tone={report.good > 0 ? 'good' : 'bad'}>
          {t('file.good', { count: report.good, number: count(report.good) })}
        </Status>
        {bad > 0 && <Status tone="warn">{t('file.bad', { count: bad, number: count(bad) })}</Status>}
        {report.heading && <span className="kit-faint">{t('file.heading', { name: report.heading })}</span>}
      </div>
      {report.tooMany && <Alert type="error" showIcon title={t('file.tooMany')} />}
      {bad > 0 && (
        <Segmented
          value={onlyBad ? 'bad' : 'all'}
          onChange={(value) => setOnlyBad(value === 'bad')}
          options={[
            { value: 'bad', label: t('file.onlyBad') },
            { value: 'all', label: t('file.all') },
          ]}
        />
      )}
      <Table<NamedRow>
        size="small"
        rowKey="line"
        columns={columns}
        dataSource={onlyBad && bad > 0 ? report.rows.filter((row) => row.problem) : report.rows}
        pagination={{ pageSize: 8, hideOnSinglePage: true, showSizeChanger: false, size: 'small' }}
      />
      <p className="kit-faint">{t('file.existing')}</p>
    </section>
  );
}

function RowResult({ row }: { row: NamedRow }) {
  const t = useTexts();
  switch (row.problem) {
    case undefined:
      return <Status tone="good">{t('file.fine')}</Status>;
    case 'twice':
      return <Status tone="warn">{t('file.problem.twice', { line: row.first ?? 0 })}</Status>;
    default:
      return <Status tone="bad">{t(`file.problem.${row.problem}`)}</Status>;
  }
}
