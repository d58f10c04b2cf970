// What can be done with the chosen devices, or with all that fit the filter. Each is a job of the server: it goes on when
// one leaves the page.
import { useState } from 'react';

import { useChange } from '../../../api';
import { Button, Checkbox, count, GuardedButton, icons, Segmented } from '../../../kit';
import { JobProgress } from '../JobProgress';
import { named, type Selection } from '../selection';
import { useTexts } from '../texts';
import { DeleteMany } from './DeleteMany';
import { TagMany } from './TagMany';

export function BulkBar({
  keys,
  selection,
  total,
  onDone,
}: {
  keys: string[];
  selection: Selection;
  total: number;
  onDone: () => void;
}) {
  const t = useTexts();
  const [all, setAll] = useState(false);
  const [withKeys, setWithKeys] = useState(false);
  const [open, setOpen] = useState<'tags' | 'delete'>();
  const [jobs, setJobs] = useState<string[]>([]);
  const started = (answer: { Job: { JobId: string } }) => setJobs((known) => [...known, answer.Job.JobId]);
  const change = useChange('SwitchSelectedDevices');
  const exportThem = useChange('ExportDevices');
  const chosen = all ? selection : named(keys);
  const most = all ? total : keys.length;
  const switchAll = (Enable: boolean) =>
    change.mutate({ Selection: chosen, Enable, Most: most }, { onSuccess: started });
  const busy = change.isPending || exportThem.isPending;
  return (
    <div className="devices-bulk">
      <Segmented
        size="small"
        aria-label={t('bulk.which')}
        value={all ? 'all' : 'chosen'}
        onChange={(which) => setAll(which === 'all')}
        options={[
          { value: 'chosen', label: t('bulk.chosen', { count: keys.length }) },
          { value: 'all', label: t('bulk.all', { number: count(total) }) },
        ]}
      />
      <GuardedButton
        size="small"
        operation="SwitchSelectedDevices"
        icon={<icons.PlayCircleOutlined />}
        loading={busy}
        onClick={() => switchAll(true)}
      >
        {t('bulk.enable')}
      </GuardedButton>
      <GuardedButton
        size="small"
        operation="SwitchSelectedDevices"
        icon={<icons.StopOutlined />}
        loading={busy}
        onClick={() => switchAll(false)}
      >
        {t('bulk.disable')}
      </GuardedButton>
      <GuardedButton
        size="small"
        operation="TagSelectedDevices"
        icon={<icons.TagOutlined />}
        onClick={() => setOpen('tags')}
      >
        {t('bulk.tags')}
      </GuardedButton>
      <GuardedButton
        size="small"
        operation="ExportDevices"
        icon={<icons.DownloadOutlined />}
        loading={busy}
        onClick={() => exportThem.mutate({ Selection: chosen, WithKeys: withKeys }, { onSuccess: started })}
      >
        {t('bulk.export')}
      </GuardedButton>
      <Checkbox checked={withKeys} onChange={(event) => setWithKeys(event.target.checked)}>
        {t('bulk.withKeys')}
      </Checkbox>
      <GuardedButton
        size="small"
        danger
        operation="DeleteSelectedDevices"
        icon={<icons.DeleteOutlined />}
        onClick={() => setOpen('delete')}
      >
        {t('bulk.delete')}
      </GuardedButton>
      <Button size="small" type="text" onClick={onDone}>
        {t('bulk.none')}
      </Button>
      {jobs.map((id) => (
        <JobProgress key={id} id={id} stale={['SearchDevices']} />
      ))}
      {open === 'tags' && (
        <TagMany selection={chosen} most={most} onStarted={started} onClose={() => setOpen(undefined)} />
      )}
      {open === 'delete' && (
        <DeleteMany selection={chosen} most={most} onStarted={started} onClose={() => setOpen(undefined)} />
      )}
    </div>
  );
}
