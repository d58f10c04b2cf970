// What can be changed about a device: whether it may connect, how much it logs, its tags; and deleting it.
import { useState } from 'react';

import { useChange, useMay, useOperation } from '../../../api';
import {
  Button,
  FailureNote,
  GuardedButton,
  icons,
  Input,
  notice,
  Popconfirm,
  Select,
  Space,
  Switch,
  useGo,
} from '../../../kit';
import { DeleteMany } from '../list/DeleteMany';
import { JobProgress } from '../JobProgress';
import { useTexts } from '../texts';
import { keyOf, type DeviceView } from './device';

const LEVELS = ['off', 'error', 'warn', 'info', 'debug'] as const;

export default function SettingsTab({ view }: { view: DeviceView }) {
  return (
    <div className="devices-settings">
      <Enable view={view} />
      <LogLevel view={view} />
      <Tags view={view} />
      <Remove view={view} />
    </div>
  );
}

function Enable({ view }: { view: DeviceView }) {
  const t = useTexts();
  const may = useMay();
  const change = useChange('UpdateDevicesEnableState', ['DescribeDeviceState', 'SearchDevices']);
  const on = view.state.Enabled;
  const set = (enable: boolean) => change.mutate({ DevicesItems: [keyOf(view)], Status: enable ? 1 : 0 });
  const control = (
    <Switch
      aria-label={t('settings.enable')}
      checked={on}
      disabled={!may('UpdateDevicesEnableState')}
      loading={change.isPending}
      onChange={on ? undefined : set}
    />
  );
  return (
    <section>
      <h2 className="devices-subtitle">{t('settings.enable')}</h2>
      <Space>
        {on ? (
          <Popconfirm
            title={t('settings.disableTitle')}
            description={t('settings.disableText')}
            okText={t('bulk.disable')}
            cancelText={t('cancel')}
            onConfirm={() => set(false)}
          >
            {control}
          </Popconfirm>
        ) : (
          control
        )}
        <span>{t(on ? 'settings.enabled' : 'settings.disabled')}</span>
      </Space>
      <FailureNote error={change.error} />
    </section>
  );
}

function LogLevel({ view }: { view: DeviceView }) {
  const t = useTexts();
  const may = useMay();
  const { data, error } = useOperation('DescribeDevice', keyOf(view));
  const change = useChange('UpdateDeviceLogLevel', ['DescribeDevice']);
  return (
    <section>
      <h2 className="devices-subtitle">{t('settings.logLevel')}</h2>
      <Select
        aria-label={t('settings.logLevel')}
        value={data?.Device.LogLevel}
        loading={!data || change.isPending}
        disabled={!may('UpdateDeviceLogLevel')}
        onChange={(LogLevel) => change.mutate({ ...keyOf(view), LogLevel })}
        options={LEVELS.map((level, value) => ({ value, label: t(`settings.level.${level}`) }))}
        style={{ minWidth: 200 }}
      />
      <p className="kit-faint">{t('settings.logLevelText')}</p>
      <FailureNote error={error ?? change.error} />
    </section>
  );
}

function Tags({ view }: { view: DeviceView }) {
  const t = useTexts();
  const { data } = useOperation('DescribeDeviceTags', keyOf(view));
  const [edited, setEdited] = useState<{ Key: string; Value: string }[]>();
  const change = useChange('ModifyDeviceTags', ['DescribeDeviceTags', 'SearchDevices']);
  const tags = edited ?? data?.Tags ?? [];
  const edit = (at: number, part: Partial<{ Key: string; Value: string }>) =>
    setEdited(tags.map((tag, place) => (place === at ? { ...tag, ...part } : tag)));
  const save = () =>
    change.mutate(
      { ...keyOf(view), Tags: tags.filter((tag) => tag.Key.trim() !== '') },
      {
        onSuccess: () => {
          setEdited(undefined);
          notice.done(t('settings.saved'));
        },
      },
    );
  return (
    <section>
      <h2 className="devices-subtitle">{t('tags')}</h2>
      {tags.map((tag, at) => (
        <div className="devices-tag-row" key={at}>
          <Input
            aria-label={t('settings.tagKey')}
            placeholder={t('settings.tagKey')}
            maxLength={128}
            value={tag.Key}
            onChange={(event) => edit(at, { Key: event.target.value })}
          />
          <Input
            aria-label={t('settings.tagValue')}
            placeholder={t('settings.tagValue')}
            maxLength={128}
            value={tag.Value}
            onChange={(event) => edit(at, { Value: event.target.value })}
          />
          <Button
            type="text"
            icon={<icons.DeleteOutlined />}
            aria-label={t('settings.removeTag', { key: tag.Key })}
            onClick={() => setEdited(tags.filter((_, place) => place !== at))}
          />
        </div>
      ))}
      <Space>
        <Button
          icon={<icons.PlusOutlined />}
          disabled={tags.length >= 20}
          onClick={() => setEdited([...tags, { Key: '', Value: '' }])}
        >
          {t('settings.addTag')}
        </Button>
        <GuardedButton
          type="primary"
          operation="ModifyDeviceTags"
          disabled={edited === undefined}
          loading={change.isPending}
          onClick={save}
        >
          {t('settings.save')}
        </GuardedButton>
      </Space>
      <FailureNote error={change.error} />
    </section>
  );
}

function Remove({ view }: { view: DeviceView }) {
  const t = useTexts();
  const go = useGo();
  const [open, setOpen] = useState(false);
  const [job, setJob] = useState<string>();
  return (
    <section>
      <h2 className="devices-subtitle">{t('settings.remove')}</h2>
      <p className="kit-faint">{t('remove.text')}</p>
      {job ? (
        <Space orientation="vertical">
          <JobProgress id={job} stale={['SearchDevices']} />
          <Button onClick={() => go(`/devices?product=${view.ProductId}`)}>{t('settings.toList')}</Button>
        </Space>
      ) : (
        <GuardedButton
          danger
          operation="DeleteSelectedDevices"
          icon={<icons.DeleteOutlined />}
          onClick={() => setOpen(true)}
        >
          {t('settings.remove')}
        </GuardedButton>
      )}
      {open && (
        <DeleteMany
          selection={{ Devices: [keyOf(view)] }}
          most={1}
          name={view.DeviceName}
          onStarted={(answer) => setJob(answer.Job.JobId)}
          onClose={() => setOpen(false)}
        />
      )}
    </section>
  );
}
