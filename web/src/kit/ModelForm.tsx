// A form made from a thing model: one control for each property, parameter or member, with its unit, range and labels,
// and the same values as JSON. What is not chosen is not sent; what does not fit is said beside the control.
import { Button, Input, InputNumber, Radio, Segmented, Select, Slider, Tag, Tooltip } from 'antd';
import { useState, type ReactNode } from 'react';

import { CloseOutlined, DeleteOutlined, PlusOutlined } from './icons';
import { sentenceOfProblem } from './modelTexts';
import { exact } from './Time';
import { useTexts } from './texts';
import {
  checkValues,
  shownValue,
  startValue,
  type DataType,
  type Finding,
  type ModelField,
  type Values,
} from './thingModel';

export interface ModelFormProps {
  /** What there is to fill in. */
  fields: readonly ModelField[];
  /** What is filled in. */
  value: Values;
  onChange: (value: Values) => void;
  /** Values that are in force, shown beside the controls. */
  present?: Values;
  /** Fields that are only shown. */
  readOnly?: (field: ModelField) => boolean;
  /** Every field must be filled in: parameters of events and actions. Otherwise each may be left out. */
  whole?: boolean;
  /** Lets values through that the model does not allow, with a warning. */
  lenient?: boolean;
  /** Names the form for screen readers. */
  label: string;
}

/** The form and its JSON view. Whoever sends the values asks `checkValues` whether they may be sent. */
export function ModelForm(props: ModelFormProps) {
  const t = useTexts();
  const [view, setView] = useState<'form' | 'json'>('form');
  const { fields, value, label, whole, readOnly } = props;
  return (
    <section className="kit-model-form" aria-label={label}>
      <div className="kit-model-form-bar">
        <Segmented
          size="small"
          aria-label={t('model.view')}
          value={view}
          onChange={(chosen) => setView(chosen === 'json' ? 'json' : 'form')}
          options={[
            { value: 'form', label: t('model.form') },
            { value: 'json', label: 'JSON' },
          ]}
        />
      </div>
      {view === 'json' ? (
        <JsonView {...props} />
      ) : (
        <FieldRows {...props} findings={checkValues(fields, value, { whole, readOnly })} />
      )}
      {fields.length === 0 && <p className="kit-faint">{t('model.nothing')}</p>}
    </section>
  );
}

function FieldRows({
  fields,
  value,
  onChange,
  present,
  readOnly,
  whole,
  lenient,
  findings,
}: ModelFormProps & { findings: Finding[] }) {
  const t = useTexts();
  const set = (id: string, next: unknown) => onChange({ ...value, [id]: next });
  const leaveOut = (id: string) => {
    onChange(Object.fromEntries(Object.entries(value).filter(([name]) => name !== id)));
  };
  return (
    <div className="kit-model-rows">
      {fields.map((field) => {
        const fixed = readOnly?.(field) ?? false;
        const chosen = value[field.id] !== undefined;
        const now = present?.[field.id];
        return (
          <div
            key={field.id}
            className={chosen && !whole ? 'kit-model-row kit-model-row-chosen' : 'kit-model-row'}
          >
            <div className="kit-model-name">
              <Tooltip title={field.about || undefined}>
                <bdi>{field.name}</bdi>
              </Tooltip>
              <code className="kit-code kit-faint">{field.id}</code>
              <span className="kit-faint">{rangeOf(field.type)}</span>
              {fixed && <Tag>{t('model.readOnly')}</Tag>}
              {now !== undefined && (
                <span className="kit-model-present">
                  {t('model.present', { value: shownValue(field.type, now) || '“”' })}
                </span>
              )}
            </div>
            {!fixed && (
              <div className="kit-model-control">
                <Control
                  type={field.type}
                  value={value[field.id]}
                  label={field.name}
                  path={field.id}
                  findings={findings}
                  lenient={lenient}
                  onChange={(next) => set(field.id, next)}
                />
                {!whole && chosen && (
                  <Button
                    type="text"
                    size="small"
                    icon={<CloseOutlined />}
                    aria-label={t('model.leaveOut', { name: field.name })}
                    onClick={() => leaveOut(field.id)}
                  />
                )}
              </div>
            )}
          </div>
        );
      })}
    </div>
  );
}

interface ControlProps {
  type: DataType;
  value: unknown;
  label: string;
  path: string;
  findings: Finding[];
  lenient?: boolean;
  onChange: (value: unknown) => void;
}

/** The control of one value, with what is wrong with it. */
function Control(props: ControlProps) {
  const { path, findings, lenient, value } = props;
  const wrong = value === undefined ? undefined : findings.find((finding) => finding.path === path);
  return (
    <div className="kit-model-value">
      <Plain {...props} status={wrong ? (lenient ? 'warning' : 'error') : undefined} />
      {wrong && (
        <div className={lenient ? 'kit-model-warning' : 'kit-model-problem'} role="alert">
          {sentenceOfProblem(wrong.problem)}
        </div>
      )}
    </div>
  );
}

function Plain({
  type,
  value,
  label,
  path,
  findings,
  lenient,
  onChange,
  status,
}: ControlProps & { status?: 'error' | 'warning' }) {
  const t = useTexts();
  switch (type.kind) {
    case 'bool':
      return (
        <Radio.Group
          optionType="button"
          buttonStyle="solid"
          aria-label={label}
          value={value === true ? 1 : value === false ? 0 : value}
          onChange={(event) => onChange(event.target.value)}
          options={type.labels.map((each, place) => ({ value: place, label: each }))}
        />
      );
    case 'int':
    case 'float':
      return <NumberControl type={type} value={value} label={label} onChange={onChange} status={status} />;
    case 'enum':
    case 'stringenum':
      return (
        <Select
          aria-label={label}
          value={value}
          status={status}
          onChange={onChange}
          options={type.items.map((item) => ({
            value: item.value,
            label: item.label ? `${item.label} (${item.value})` : String(item.value),
          }))}
        />
      );
    case 'string':
      return (
        <Input
          aria-label={label}
          value={value === undefined ? '' : String(value)}
          status={status}
          onChange={(event) => onChange(event.target.value)}
          count={{ show: true, max: type.max }}
        />
      );
    case 'timestamp':
      return (
        <>
          <div className="kit-model-line">
            <InputNumber
              aria-label={label}
              value={value as number}
              status={status}
              min={lenient ? undefined : 0}
              suffix="s"
              onChange={(next) => onChange(next ?? undefined)}
            />
            <Button onClick={() => onChange(Math.floor(Date.now() / 1000))}>{t('model.now')}</Button>
          </div>
          {typeof value === 'number' && value < 8.64e12 && (
            <span className="kit-faint">{exact(value * 1000)}</span>
          )}
        </>
      );
    case 'struct': {
      const members = (typeof value === 'object' && value !== null ? value : {}) as Values;
      return (
        <fieldset className="kit-model-group" aria-label={label}>
          {type.fields.map((member) => (
            <div key={member.id} className="kit-model-member">
              <div className="kit-model-name">
                <bdi>{member.name}</bdi>
                <code className="kit-code kit-faint">{member.id}</code>
                <span className="kit-faint">{rangeOf(member.type)}</span>
              </div>
              <Control
                type={member.type}
                value={members[member.id]}
                label={`${label}, ${member.name}`}
                path={`${path}.${member.id}`}
                findings={findings}
                lenient={lenient}
                onChange={(next) =>
                  onChange({
                    // A struct is sent as a whole: what was not touched yet begins with a value that fits.
                    ...Object.fromEntries(type.fields.map((each) => [each.id, startValue(each.type)])),
                    ...members,
                    [member.id]: next,
                  })
                }
              />
            </div>
          ))}
        </fieldset>
      );
    }
    case 'array': {
      const items = Array.isArray(value) ? (value as unknown[]) : [];
      return (
        <div className="kit-model-list" role="group" aria-label={label}>
          {items.map((item, place) => (
            <div key={place} className="kit-model-line">
              <Control
                type={type.item}
                value={item}
                label={`${label} ${place + 1}`}
                path={`${path}[${place}]`}
                findings={findings}
                lenient={lenient}
                onChange={(next) => onChange(items.map((each, at) => (at === place ? next : each)))}
              />
              <Button
                type="text"
                icon={<DeleteOutlined />}
                aria-label={t('model.removeItem', { number: place + 1 })}
                onClick={() => onChange(items.filter((_, at) => at !== place))}
              />
            </div>
          ))}
          <Button
            size="small"
            icon={<PlusOutlined />}
            onClick={() => onChange([...items, startValue(type.item)])}
          >
            {t('model.addItem')}
          </Button>
        </div>
      );
    }
  }
}

const STEPS_OF_A_SLIDER = 10_000;

function NumberControl({
  type,
  value,
  label,
  onChange,
  status,
}: {
  type: Extract<DataType, { kind: 'int' | 'float' }>;
  value: unknown;
  label: string;
  onChange: (value: unknown) => void;
  status?: 'error' | 'warning';
}) {
  const { min, max, unit } = type;
  const step = type.step ?? (type.kind === 'int' ? 1 : 0.1);
  const slides = min !== undefined && max !== undefined && (max - min) / step <= STEPS_OF_A_SLIDER;
  const number = typeof value === 'number' ? value : undefined;
  return (
    <div className="kit-model-line">
      <InputNumber
        aria-label={label}
        value={number}
        status={status}
        step={step}
        suffix={unit || undefined}
        onChange={(next) => onChange(next ?? undefined)}
      />
      {slides && (
        <Slider
          className="kit-model-slider"
          min={min}
          max={max}
          step={step}
          value={number ?? min}
          onChange={onChange}
          ariaLabelForHandle={label}
        />
      )}
    </div>
  );
}

function rangeOf(type: DataType): ReactNode {
  switch (type.kind) {
    case 'int':
    case 'float': {
      if (type.min === undefined && type.max === undefined) return type.kind;
      const range = `${type.min ?? '−∞'} … ${type.max ?? '∞'}`;
      return type.unit ? `${type.kind} ${range} ${type.unit}` : `${type.kind} ${range}`;
    }
    default:
      return type.kind;
  }
}

/** The same values as JSON. The text is free while one types; what can be read and is an object is taken over. */
function JsonView({ fields, value, onChange, whole, readOnly, lenient, label }: ModelFormProps) {
  const t = useTexts();
  const [text, setText] = useState(() => JSON.stringify(value, undefined, 2));
  const [broken, setBroken] = useState('');
  const type = (next: string) => {
    setText(next);
    try {
      const read = JSON.parse(next) as unknown;
      if (typeof read !== 'object' || read === null || Array.isArray(read)) {
        setBroken(t('model.problem.notObject'));
        return;
      }
      setBroken('');
      onChange(read as Values);
    } catch (error) {
      setBroken(error instanceof Error ? error.message : String(error));
    }
  };
  const findings = broken ? [] : checkValues(fields, value, { whole, readOnly });
  return (
    <>
      <Input.TextArea
        className="kit-model-json"
        aria-label={`${label}, JSON`}
        value={text}
        onChange={(event) => type(event.target.value)}
        autoSize={{ minRows: 6, maxRows: 24 }}
        spellCheck={false}
        status={broken ? 'error' : undefined}
      />
      <div role="alert">
        {broken && <div className="kit-model-problem">{t('model.notJson', { reason: broken })}</div>}
        {findings.map(({ path, problem }) => (
          <div key={path} className={lenient ? 'kit-model-warning' : 'kit-model-problem'}>
            <code className="kit-code">{path}</code> {sentenceOfProblem(problem)}
          </div>
        ))}
      </div>
    </>
  );
}
