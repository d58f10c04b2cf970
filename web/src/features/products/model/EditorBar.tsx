// The bar over the draft: its views, undo and redo, what can be added, and publishing.
import { Button, Dropdown, GuardedButton, icons, Segmented, Space, Status, Tooltip } from '../../../kit';
import { FEATURES, type Feature } from './document';
import type { Opened } from './ModelEditor';
import type { Problem } from './problems';
import { useTexts } from './texts';
import type { Draft } from './useDraft';

export interface Checked {
  problems: readonly Problem[];
  valid: boolean;
  settled: boolean;
}

export function EditorBar({
  draft,
  view,
  readOnly,
  checked,
  onView,
  onOpen,
  onExport,
  onAdd,
}: {
  draft: Draft;
  view: 'table' | 'json';
  readOnly: boolean;
  checked: Checked;
  onView: (view: 'table' | 'json') => void;
  onOpen: (opened: Opened) => void;
  onExport: () => void;
  onAdd: (feature: Feature) => void;
}) {
  const t = useTexts();
  const readable = 'model' in draft.read;
  return (
    <div className="products-bar">
      <Segmented
        aria-label={t('view')}
        value={view}
        onChange={onView}
        options={[
          { value: 'table', label: t('table') },
          { value: 'json', label: t('json') },
        ]}
      />
      {!readOnly && (
        <Space.Compact>
          <StepButton label={t('undo')} icon={<icons.UndoOutlined />} can={draft.canUndo} run={draft.undo} />
          <StepButton label={t('redo')} icon={<icons.RedoOutlined />} can={draft.canRedo} run={draft.redo} />
        </Space.Compact>
      )}
      <Verdict {...checked} />
      <Space wrap className="products-bar-end">
        <Button icon={<icons.CodeOutlined />} onClick={() => onOpen({ what: 'examples' })}>
          {t('examples.open')}
        </Button>
        <Button icon={<icons.HistoryOutlined />} onClick={() => onOpen({ what: 'versions' })}>
          {t('versions.open')}
        </Button>
        <Dropdown
          trigger={['click']}
          menu={{
            items: [
              {
                key: 'standards',
                label: t('standards.open'),
                disabled: readOnly || !readable,
                onClick: () => onOpen({ what: 'standards' }),
              },
              {
                key: 'bring',
                label: t('bring.open'),
                disabled: readOnly,
                onClick: () => onOpen({ what: 'bring' }),
              },
              { key: 'export', label: t('exportFile'), onClick: onExport },
            ],
          }}
        >
          <Button icon={<icons.MoreOutlined />}>{t('more')}</Button>
        </Dropdown>
        {!readOnly && (
          <Dropdown
            trigger={['click']}
            menu={{
              items: FEATURES.map((feature) => ({
                key: feature,
                label: t(`addFeature.${feature}`),
                disabled: !readable,
                onClick: () => onAdd(feature),
              })),
            }}
          >
            <Button icon={<icons.PlusOutlined />}>{t('add')}</Button>
          </Dropdown>
        )}
        <GuardedButton
          operation="ModifyModelDefinition"
          type="primary"
          because={
            readOnly
              ? t('readOnly')
              : !draft.changed
                ? t('publish.nothing')
                : !checked.valid
                  ? checked.settled
                    ? t('publish.invalid')
                    : t('checking')
                  : undefined
          }
          onClick={() => onOpen({ what: 'publish' })}
        >
          {t('publish.open')}
        </GuardedButton>
      </Space>
    </div>
  );
}

function StepButton({
  label,
  icon,
  can,
  run,
}: {
  label: string;
  icon: React.ReactNode;
  can: boolean;
  run: () => void;
}) {
  return (
    <Tooltip title={label}>
      <Button icon={icon} aria-label={label} disabled={!can} onClick={run} />
    </Tooltip>
  );
}

/** What the server says of the draft, in a word. */
function Verdict({ problems, valid, settled }: Checked) {
  const t = useTexts();
  const errors = problems.filter((problem) => problem.severity === 'error').length;
  const notes = problems.length - errors;
  return (
    <span aria-live="polite">
      {!settled ? (
        <Status tone="busy">{t('checking')}</Status>
      ) : errors > 0 ? (
        <Status tone="bad">{t('problems', { count: errors })}</Status>
      ) : notes > 0 ? (
        <Status tone="warn">{t('notes', { count: notes })}</Status>
      ) : (
        valid && <Status tone="good">{t('fine')}</Status>
      )}
    </span>
  );
}
