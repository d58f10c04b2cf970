// Backups: made as jobs, fetched, checked, deleted. Restoring is told as the command.
import { useState } from 'react';

import { useChange, useOperation, type Answer } from '../../api';
import {
  bytes,
  CodeBlock,
  count,
  Danger,
  Empty,
  FailureNote,
  GuardedButton,
  icons,
  Id,
  Modal,
  notice,
  ResourceTable,
  Space,
  Time,
  type Column,
} from '../../kit';
import { download } from './download';
import { useRunningJobs } from './running';
import { SystemPage } from './SystemPage';
import { useTexts } from './texts';
import './system.css';

type Backup = Answer<'DescribeBackups'>['Backups'][number];

export default function BackupsPage() {
  const t = useTexts();
  const [restored, setRestored] = useState<Backup>();
  const [removed, setRemoved] = useState<Backup>();
  const making = useRunningJobs(['DescribeBackups']).some((job) => job.Kind === 'CreateBackup');
  const list = useOperation('DescribeBackups', {});
  const create = useChange('CreateBackup', ['DescribeJobs', 'DescribeBackups']);
  const verify = useChange('VerifyBackup', ['DescribeJobs']);
  const address = useChange('CreateBackupUrl');
  const remove = useChange('DeleteBackup', ['DescribeBackups']);
  const start = (change: Promise<unknown>, told: string) =>
    change.then(
      () => notice.told(told),
      () => undefined, // Shown below by the change itself.
    );
  const fetchBackup = (backup: Backup) =>
    address.mutateAsync({ Name: backup.Name }).then(
      ({ Url }) => download(Url),
      () => undefined,
    );
  const newOne = (
    <GuardedButton
      operation="CreateBackup"
      type="primary"
      icon={<icons.PlusOutlined />}
      loading={create.isPending || making}
      onClick={() => void start(create.mutateAsync({}), t('backups.started'))}
    >
      {t('backups.create')}
    </GuardedButton>
  );
  const columns: Column<Backup>[] = [
    { key: 'name', title: t('backups.name'), fixed: true, render: (backup) => <Id value={backup.Name} /> },
    { key: 'made', title: t('backups.made'), render: (backup) => <Time at={backup.MadeAt} /> },
    { key: 'size', title: t('backups.size'), align: 'right', render: (backup) => bytes(backup.Bytes) },
    {
      key: 'actions',
      title: t('backups.actions'),
      fixed: true,
      render: (backup) => (
        <Space wrap>
          <GuardedButton operation="CreateBackupUrl" size="small" onClick={() => void fetchBackup(backup)}>
            {t('backups.download')}
          </GuardedButton>
          <GuardedButton
            operation="VerifyBackup"
            size="small"
            onClick={() => void start(verify.mutateAsync({ Name: backup.Name }), t('backups.verifying'))}
          >
            {t('backups.verify')}
          </GuardedButton>
          <GuardedButton operation="DescribeBackups" size="small" onClick={() => setRestored(backup)}>
            {t('backups.restore')}
          </GuardedButton>
          <GuardedButton
            operation="DeleteBackup"
            size="small"
            danger
            icon={<icons.DeleteOutlined />}
            aria-label={t('backups.delete', { name: backup.Name })}
            onClick={() => setRemoved(backup)}
          />
        </Space>
      ),
    },
  ];
  return (
    <SystemPage part="backups" about={t('backups.about')} actions={newOne}>
      <FailureNote error={create.error ?? verify.error ?? address.error} />
      <ResourceTable
        id="backups"
        label={t('backups.title')}
        columns={columns}
        rows={list.data?.Backups}
        rowKey={(backup) => backup.Name}
        loading={list.isPending}
        error={list.error}
        refresh={() => void list.refetch()}
        filters={
          list.data && (
            <span className="kit-faint">
              {t('backups.limit', {
                files: count(list.data.Backups.length),
                most: count(list.data.MaxFiles),
                bytes: bytes(list.data.Bytes),
              })}
            </span>
          )
        }
        empty={
          <Empty title={t('backups.emptyTitle')} action={newOne}>
            {t('backups.emptyText')}
          </Empty>
        }
      />
      {list.data && (
        <section aria-label={t('backups.elsewhere')}>
          <h2 className="system-heading">{t('backups.elsewhere')}</h2>
          <CodeBlock text={list.data.BackupCommand} label={t('backups.elsewhere')} />
        </section>
      )}
      <Modal
        open={restored !== undefined}
        title={t('backups.restoreTitle', { name: restored?.Name ?? '' })}
        footer={null}
        onCancel={() => setRestored(undefined)}
      >
        <p>{t('backups.restoreText')}</p>
        {restored && (
          <CodeBlock
            text={`${restored.RestoreCommand}\nyizhan serve --data NEW-DIRECTORY`}
            label={t('backups.restore')}
          />
        )}
        <p className="kit-faint">{t('backups.restoreCheck')}</p>
      </Modal>
      <Danger
        open={removed !== undefined}
        title={t('backups.delete', { name: removed?.Name ?? '' })}
        onClose={() => setRemoved(undefined)}
        onConfirm={async () => {
          if (!removed) return;
          await remove.mutateAsync({ Name: removed.Name });
          notice.done(t('backups.deleted'));
        }}
      >
        {t('backups.deleteText')}
      </Danger>
    </SystemPage>
  );
}
