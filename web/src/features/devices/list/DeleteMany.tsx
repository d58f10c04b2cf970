import { useState } from 'react';

import { useChange, useOperation } from '../../../api';
import { Checkbox, count, Danger, Facts, FailureNote, Skeleton } from '../../../kit';
import type { Selection } from '../selection';
import { useTexts } from '../texts';

/** Deletes devices, after a look at what goes with them. One device is named by its name, several by their number. */
export function DeleteMany({
  selection,
  most,
  name,
  onStarted,
  onClose,
}: {
  selection: Selection;
  most: number;
  name?: string;
  onStarted: (answer: { Job: { JobId: string } }) => void;
  onClose: () => void;
}) {
  const t = useTexts();
  const [force, setForce] = useState(false);
  const { data, error } = useOperation('PreviewDeleteDevices', { Selection: selection });
  const change = useChange('DeleteSelectedDevices');
  const run = async () =>
    onStarted(await change.mutateAsync({ Selection: selection, ForceDelete: force, Most: most }));
  const names = (all: string[]) => (all.length > 0 ? ` (${all.slice(0, 5).join(', ')}…)` : '');
  return (
    <Danger
      open
      title={name ? t('remove.titleOne', { name }) : t('remove.title', { number: count(most) })}
      name={name ?? String(most)}
      action={t('bulk.delete')}
      onConfirm={run}
      onClose={onClose}
    >
      <p>{t('remove.text')}</p>
      <FailureNote error={error} />
      {!data && !error && <Skeleton active paragraph={{ rows: 2 }} />}
      {data && (
        <Facts
          facts={[
            { label: t('remove.devices'), value: count(data.Devices) },
            { label: t('remove.online'), value: `${count(data.Online)}${names(data.OnlineNames)}` },
            { label: t('remove.bound'), value: `${count(data.Bound)}${names(data.BoundNames)}` },
            { label: t('remove.data'), value: count(data.WithData) },
            { label: t('remove.commands'), value: count(data.OpenCommands) },
          ]}
        />
      )}
      {data && data.Bound > 0 && (
        <Checkbox checked={force} onChange={(event) => setForce(event.target.checked)}>
          {t('remove.force')}
        </Checkbox>
      )}
    </Danger>
  );
}
