// What takes room on the disk, how it grew, and how long it lasts.
import { useOperation, type Answer } from '../../api';
import { Alert, bytes, count, Empty, Facts, FailureNote, ResourceTable, type Column } from '../../kit';
import { SystemPage } from './SystemPage';
import { useTexts } from './texts';
import './system.css';

type Storage = Answer<'DescribeStorage'>;
type Day = Storage['Days'][number];

export default function StoragePage() {
  const t = useTexts();
  const answer = useOperation('DescribeStorage', {}, { every: 60_000 });
  const columns: Column<Day>[] = [
    { key: 'day', title: t('storage.day'), fixed: true, render: (day) => day.Day },
    { key: 'history', title: t('storage.history'), align: 'right', render: (day) => bytes(day.HistoryBytes) },
    { key: 'logs', title: t('storage.logs'), align: 'right', render: (day) => bytes(day.LogBytes) },
  ];
  return (
    <SystemPage part="storage" about={t('storage.about')}>
      <FailureNote error={answer.error} retry={() => void answer.refetch()} />
      {answer.data && <Forecast storage={answer.data} />}
      {answer.data && <Parts storage={answer.data} />}
      <h2 className="system-heading">{t('storage.days')}</h2>
      <ResourceTable
        id="storage-days"
        label={t('storage.days')}
        columns={columns}
        rows={answer.data && [...answer.data.Days].reverse()}
        rowKey={(day) => day.Day}
        loading={answer.isPending}
        empty={<Empty title={t('storage.emptyDays')} />}
      />
    </SystemPage>
  );
}

function Forecast({ storage: { Forecast: forecast } }: { storage: Storage }) {
  const t = useTexts();
  const left = forecast.DaysLeft ?? undefined;
  const known = forecast.BasedOnDays > 0;
  const words = !known
    ? t('storage.unknown')
    : left === undefined
      ? t('storage.lasts')
      : t('storage.left', { count: left });
  const type = !known
    ? 'info'
    : left === undefined || left > 90
      ? 'success'
      : left > 14
        ? 'warning'
        : 'error';
  return (
    <Alert
      type={type}
      showIcon
      title={t('storage.forecast', { words })}
      description={
        <>
          {known && (
            <div>
              {t('storage.growth', {
                bytes: bytes(forecast.GrowthPerDay),
                days: count(forecast.BasedOnDays),
              })}
            </div>
          )}
          <div>{t('storage.advice')}</div>
        </>
      }
    />
  );
}

function Parts({ storage }: { storage: Storage }) {
  const t = useTexts();
  const parts: [string, number][] = [
    [t('storage.journal'), storage.JournalBytes],
    [t('storage.registry'), storage.RegistryBytes],
    [t('storage.uploads'), storage.UploadBytes],
    [t('storage.backups'), storage.BackupBytes],
  ];
  const all = parts.reduce((sum, [, size]) => sum + size, 0) + storage.FreeBytes;
  return (
    <>
      <div className="system-bar" aria-hidden="true">
        {parts.map(([name, size]) => (
          <span key={name} style={{ width: `${(size / Math.max(1, all)) * 100}%` }} title={name} />
        ))}
      </div>
      <Facts
        facts={[
          ...parts.map(([label, size]) => ({ label, value: bytes(size) })),
          { label: t('storage.free'), value: bytes(storage.FreeBytes) },
          { label: t('storage.least'), value: bytes(storage.MinFreeBytes) },
        ]}
      />
    </>
  );
}
