// A table of devices comes in: choose the product and the file, look at what each row would do, run it as a job. The look
// changes nothing, and a table that is imported twice changes nothing the second time.
import { useState } from 'react';

import { useChange, type Answer, type Request } from '../../../api';
import {
  Alert,
  Button,
  CodeBlock,
  count,
  FailureNote,
  icons,
  Input,
  Page,
  ProductSelect,
  ResourceTable,
  saveText,
  Segmented,
  Space,
  Statistic,
  Status,
  Steps,
  Upload,
  useAddress,
  useGo,
  type Tone,
} from '../../../kit';
import '../devices.css';
import { JobProgress } from '../JobProgress';
import { useTexts } from '../texts';
import { sendTable } from './upload';

type Preview = Answer<'PreviewImportDevices'>;
type Row = Preview['Rows'][number];

const SAMPLE = 'DeviceName,tags,DevicePsk\nlamp-0001,room=hall;floor=1,\nlamp-0002,room=attic,\n';
/** Tables up to this size go with the request; larger ones are uploaded first. */
const MOST_INLINE = 900_000;
/** The largest file that the server takes. */
const MOST = 4 * 1024 * 1024;

const OUTCOMES: Record<string, Tone> = { create: 'good', update: 'busy', unchanged: 'plain', refused: 'bad' };
const isOutcome = (text: string): text is 'create' | 'update' | 'unchanged' | 'refused' => text in OUTCOMES;

export default function ImportPage() {
  const t = useTexts();
  const [{ product }, setAddress] = useAddress({ product: '' });
  const [table, setTable] = useState('');
  const [fileName, setFileName] = useState('');
  const [tooLarge, setTooLarge] = useState(false);
  const [request, setRequest] = useState<Request<'ImportDevices'>>();
  const preview = useChange('PreviewImportDevices');
  const start = useChange('ImportDevices');
  const [failure, setFailure] = useState<unknown>();
  const step = start.data ? 2 : preview.data ? 1 : 0;
  const look = async () => {
    setFailure(undefined);
    try {
      const inline = new Blob([table]).size <= MOST_INLINE;
      const asked = inline
        ? { ProductId: product, Csv: table }
        : { ProductId: product, UploadUrl: await sendTable(table) };
      setRequest(asked);
      await preview.mutateAsync(asked);
    } catch (error) {
      setFailure(error);
    }
  };
  const back = () => {
    preview.reset();
    start.reset();
  };
  return (
    <Page
      title={t('import.title')}
      crumbs={[{ title: t('title'), path: '/devices' }, { title: t('import.title') }]}
    >
      <Steps
        className="devices-steps"
        size="small"
        current={step}
        items={[{ title: t('import.choose') }, { title: t('import.look') }, { title: t('import.run') }]}
      />
      {step === 0 && (
        <div className="devices-import">
          <label className="devices-label">
            {t('product')}
            <ProductSelect
              aria-label={t('product')}
              placeholder={t('create.chooseProduct')}
              value={product || undefined}
              onChange={(chosen: string) => setAddress({ product: chosen })}
            />
          </label>
          <p className="kit-faint">{t('import.columns')}</p>
          <Space wrap>
            <Upload
              accept=".csv,text/csv,text/plain"
              maxCount={1}
              showUploadList={false}
              beforeUpload={(file) => {
                setTooLarge(file.size > MOST);
                if (file.size <= MOST) {
                  void file.text().then((text) => {
                    setTable(text);
                    setFileName(file.name);
                  });
                }
                return false;
              }}
            >
              <Button icon={<icons.UploadOutlined />}>{t('import.file')}</Button>
            </Upload>
            <Button
              icon={<icons.DownloadOutlined />}
              onClick={() => saveText('devices.csv', `\uFEFF${SAMPLE}`, 'text/csv')}
            >
              {t('import.sample')}
            </Button>
            {fileName && <bdi>{fileName}</bdi>}
          </Space>
          {tooLarge && <Alert type="error" showIcon title={t('import.tooLarge')} />}
          {table.length > 20_000 ? (
            <CodeBlock text={`${table.slice(0, 2_000)}\n…`} label={t('import.paste')} maxHeight={240} />
          ) : (
            <Input.TextArea
              className="kit-code"
              aria-label={t('import.paste')}
              placeholder={`${t('import.paste')}\n\n${SAMPLE}`}
              autoSize={{ minRows: 6, maxRows: 16 }}
              value={table}
              onChange={(event) => setTable(event.target.value)}
              spellCheck={false}
            />
          )}
          <FailureNote error={failure} />
          <Button
            type="primary"
            disabled={!product || !table.trim()}
            loading={preview.isPending}
            onClick={() => void look()}
          >
            {t('import.next')}
          </Button>
        </div>
      )}
      {step === 1 && preview.data && (
        <Look
          preview={preview.data}
          running={start.isPending}
          failure={start.error}
          onBack={back}
          onRun={() => request && start.mutate(request)}
        />
      )}
      {step === 2 && start.data && <Running id={start.data.Job.JobId} product={product} onBack={back} />}
    </Page>
  );
}

function Look({
  preview,
  running,
  failure,
  onBack,
  onRun,
}: {
  preview: Preview;
  running: boolean;
  failure: unknown;
  onBack: () => void;
  onRun: () => void;
}) {
  const t = useTexts();
  const [outcome, setOutcome] = useState('');
  const rows = preview.Rows.filter((row) => outcome === '' || row.Outcome === outcome);
  const nothing = preview.ToCreate + preview.ToUpdate === 0;
  return (
    <>
      <div className="devices-counts">
        <Statistic title={t('import.toCreate')} value={count(preview.ToCreate)} />
        <Statistic title={t('import.toUpdate')} value={count(preview.ToUpdate)} />
        <Statistic title={t('import.unchanged')} value={count(preview.Unchanged)} />
        <Statistic title={t('import.refused')} value={count(preview.Refused)} />
      </div>
      {preview.IgnoredColumns.length > 0 && (
        <Alert
          type="info"
          showIcon
          title={t('import.ignored', { columns: preview.IgnoredColumns.join(', ') })}
        />
      )}
      {preview.Refused > 0 && <Alert type="warning" showIcon title={t('import.someRefused')} />}
      {preview.Rows.length < preview.Total && (
        <p className="kit-faint">
          {t('import.part', { shown: count(preview.Rows.length), total: count(preview.Total) })}
        </p>
      )}
      <ResourceTable<Row>
        id="devices-import"
        label={t('import.look')}
        rows={rows}
        rowKey={(row) => String(row.Line)}
        filters={
          <Segmented
            aria-label={t('import.outcomeTitle')}
            value={outcome}
            onChange={(value) => setOutcome(String(value))}
            options={[
              { value: '', label: t('import.allRows') },
              ...Object.keys(OUTCOMES)
                .filter(isOutcome)
                .map((value) => ({ value, label: t(`import.outcome.${value}`) })),
            ]}
          />
        }
        columns={[
          {
            key: 'line',
            title: t('import.line'),
            fixed: true,
            align: 'right',
            width: 80,
            render: (row) => row.Line,
          },
          {
            key: 'name',
            title: t('name'),
            fixed: true,
            render: (row) => <bdi className="kit-code">{row.DeviceName}</bdi>,
          },
          {
            key: 'outcome',
            title: t('import.outcomeTitle'),
            fixed: true,
            render: ({ Outcome }) =>
              isOutcome(Outcome) && (
                <Status tone={OUTCOMES[Outcome] ?? 'plain'}>{t(`import.outcome.${Outcome}`)}</Status>
              ),
          },
          { key: 'reason', title: t('import.reason'), fixed: true, render: (row) => row.Reason },
        ]}
        empty={<p className="kit-faint">{t('import.noRows')}</p>}
      />
      <FailureNote error={failure} />
      <Space>
        <Button onClick={onBack}>{t('import.back')}</Button>
        <Button type="primary" disabled={nothing} loading={running} onClick={onRun}>
          {t('import.start')}
        </Button>
        {nothing && <span className="kit-faint">{t('import.nothing')}</span>}
      </Space>
    </>
  );
}

function Running({ id, product, onBack }: { id: string; product: string; onBack: () => void }) {
  const t = useTexts();
  const go = useGo();
  return (
    <div className="devices-import">
      <JobProgress id={id} stale={['SearchDevices', 'SearchStudioProduct']} />
      <p className="kit-faint">{t('import.running')}</p>
      <Space>
        <Button onClick={onBack}>{t('import.another')}</Button>
        <Button type="primary" onClick={() => go(`/devices?product=${product}`)}>
          {t('import.open')}
        </Button>
      </Space>
    </div>
  );
}
