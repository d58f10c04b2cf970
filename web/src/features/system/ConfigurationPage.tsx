// Every setting: what is in force, what would be by default, who says so, and what it means.
import { useOperation, type Answer } from '../../api';
import {
  Checkbox,
  CopyButton,
  Empty,
  Id,
  Input,
  ResourceTable,
  Space,
  Tag,
  useAddress,
  type Column,
} from '../../kit';
import { languageTag } from '../../texts/i18n';
import { SystemPage } from './SystemPage';
import { useTexts } from './texts';
import './system.css';

type Setting = Answer<'DescribeConfiguration'>['Settings'][number];

const nameOf = (setting: Setting) => `${setting.Section}.${setting.Key}`;
const shown = (value: unknown) => JSON.stringify(value);
const differs = (setting: Setting) => shown(setting.Value) !== shown(setting.Default);

export default function ConfigurationPage() {
  const t = useTexts();
  const chinese = languageTag().startsWith('zh');
  const [{ find, changed }, setAddress] = useAddress({ find: '', changed: false });
  const answer = useOperation('DescribeConfiguration', {});
  const meaning = (setting: Setting) => (chinese && setting.AboutZh) || setting.About;
  const sought = find.toLowerCase();
  const rows = answer.data?.Settings.filter(
    (setting) =>
      (!changed || differs(setting) || setting.Source !== 'default') &&
      [nameOf(setting), setting.About, setting.AboutZh, shown(setting.Value)].some((text) =>
        text.toLowerCase().includes(sought),
      ),
  );
  const sources: Record<string, string> = {
    default: t('configuration.sources.default'),
    file: t('configuration.sources.file'),
    'command-line': t('configuration.sources.commandLine'),
  };
  const columns: Column<Setting>[] = [
    {
      key: 'setting',
      title: t('configuration.setting'),
      fixed: true,
      render: (setting) => (
        <Space size={4}>
          <span className="kit-code">{nameOf(setting)}</span>
          {!setting.IsSecret && (
            <CopyButton
              value={`[${setting.Section}]\n${setting.Key} = ${shown(setting.Value)}`}
              label={t('configuration.copy')}
            />
          )}
        </Space>
      ),
    },
    {
      key: 'value',
      title: t('configuration.value'),
      fixed: true,
      render: (setting) =>
        setting.IsSecret ? (
          <span className="kit-faint">{t('configuration.hidden')}</span>
        ) : (
          <span className="system-value">
            {differs(setting) ? <strong>{shown(setting.Value)}</strong> : shown(setting.Value)}
          </span>
        ),
    },
    {
      key: 'default',
      title: t('configuration.default'),
      extra: true,
      render: (setting) => <span className="system-value">{shown(setting.Default)}</span>,
    },
    {
      key: 'source',
      title: t('configuration.source'),
      render: (setting) =>
        setting.Source === 'default' ? (
          <span className="kit-faint">{sources[setting.Source]}</span>
        ) : (
          <Tag>{sources[setting.Source]}</Tag>
        ),
    },
    {
      key: 'meaning',
      title: t('configuration.meaning'),
      render: (setting) => <div className="system-meaning">{meaning(setting)}</div>,
    },
  ];
  return (
    <SystemPage
      part="configuration"
      about={answer.data ? t('configuration.about', { file: answer.data.File }) : undefined}
    >
      {answer.data && <Id value={answer.data.File} />}
      <ResourceTable
        id="configuration"
        label={t('configuration.title')}
        columns={columns}
        rows={rows}
        rowKey={nameOf}
        loading={answer.isPending}
        error={answer.error}
        refresh={() => void answer.refetch()}
        filters={
          <Space wrap>
            <Input.Search
              allowClear
              placeholder={t('configuration.find')}
              aria-label={t('configuration.find')}
              defaultValue={find}
              onChange={(event) => setAddress({ find: event.target.value })}
              style={{ maxWidth: 260 }}
            />
            <Checkbox checked={changed} onChange={(event) => setAddress({ changed: event.target.checked })}>
              {t('configuration.changed')}
            </Checkbox>
          </Space>
        }
        empty={<Empty title={t('configuration.nothing')} />}
      />
    </SystemPage>
  );
}
