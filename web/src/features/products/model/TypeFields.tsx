// The type of a value with its limits, as deep as structs and arrays go.
import { Button, icons, Input, Select } from '../../../kit';
import {
  blankType,
  limitText,
  mappingOf,
  TYPES,
  withPart,
  type TypeDefinition,
  type TypeName,
} from './document';
import { Field } from './fields';
import { MappingFields } from './MappingFields';
import { MemberFields } from './MemberFields';
import { useTexts } from './texts';

/** Structs and arrays may lie so deep in each other. */
export const DEEPEST = 5;

export interface TypeFieldsProps {
  value: TypeDefinition;
  onChange: (value: TypeDefinition) => void;
  /** Where the definition stands. */
  path: string;
  depth?: number;
}

export function TypeFields({ value, onChange, path, depth = 0 }: TypeFieldsProps) {
  const t = useTexts();
  const choices = TYPES.filter((name) => depth < DEEPEST || (name !== 'struct' && name !== 'array'));
  return (
    <>
      <Field path={`${path}.type`} label={t('type')}>
        <Select
          aria-label={t('type')}
          value={TYPES.find((name) => name === value.type)}
          onChange={(name: TypeName) => onChange(blankType(name, [t('off'), t('on')]))}
          options={choices.map((name) => ({ value: name, label: `${t(`types.${name}`)} · ${name}` }))}
        />
      </Field>
      <Limits value={value} onChange={onChange} path={path} depth={depth} />
    </>
  );
}

function Limits(props: TypeFieldsProps & { depth: number }) {
  const t = useTexts();
  const { value, onChange, path, depth } = props;
  switch (value.type) {
    case 'bool':
      return <BoolFields {...props} />;
    case 'int':
    case 'float':
      return <Parts {...props} parts={['min', 'max', 'start', 'step', 'unit']} />;
    case 'string':
      return <Parts {...props} parts={['min', 'max']} />;
    case 'enum':
    case 'stringenum':
      return <MappingFields key={value.type} value={value} onChange={onChange} path={path} />;
    case 'timestamp':
      return <p className="kit-faint">{t('timestampText')}</p>;
    case 'struct':
      return (
        <MemberFields
          title={t('members')}
          addText={t('addMember')}
          typeKey="dataType"
          value={value.specs}
          onChange={(specs) => onChange({ ...value, specs })}
          path={`${path}.specs`}
          depth={depth + 1}
        />
      );
    case 'array':
      return (
        <fieldset className="products-nested">
          <legend>{t('element')}</legend>
          <TypeFields
            value={value.arrayInfo ?? { type: '' }}
            onChange={(arrayInfo) => onChange({ ...value, arrayInfo })}
            path={`${path}.arrayInfo`}
            depth={depth + 1}
          />
        </fieldset>
      );
    default:
      return null;
  }
}

type Part = 'min' | 'max' | 'start' | 'step' | 'unit';

function Parts({ value, onChange, path, parts }: TypeFieldsProps & { parts: readonly Part[] }) {
  const t = useTexts();
  const labelOf = (part: Part) =>
    value.type === 'string' && part === 'min'
      ? t('limit.shortest')
      : value.type === 'string' && part === 'max'
        ? t('limit.longest')
        : t(`limit.${part}`);
  return (
    <div className="products-parts">
      {parts.map((part) => (
        <Field key={part} path={`${path}.${part}`} label={labelOf(part)}>
          <Input
            aria-label={labelOf(part)}
            value={limitText(value[part])}
            inputMode={part === 'unit' ? 'text' : 'decimal'}
            maxLength={part === 'unit' ? 128 : 40}
            onChange={(event) => onChange(withPart(value, part, event.target.value))}
          />
        </Field>
      ))}
    </div>
  );
}

function BoolFields({ value, onChange, path }: TypeFieldsProps) {
  const t = useTexts();
  const mapping = Object.fromEntries(mappingOf(value));
  return (
    <div className="products-parts">
      {['0', '1'].map((key) => (
        <Field key={key} path={`${path}.mapping.${key}`} label={t('boolLabel', { value: key })}>
          <Input
            aria-label={t('boolLabel', { value: key })}
            value={mapping[key] ?? ''}
            maxLength={128}
            onChange={(event) => onChange({ ...value, mapping: { ...mapping, [key]: event.target.value } })}
          />
        </Field>
      ))}
    </div>
  );
}

/** A small button that takes a row away. */
export function RemoveButton({ label, onClick }: { label: string; onClick: () => void }) {
  return <Button icon={<icons.DeleteOutlined />} aria-label={label} title={label} onClick={onClick} />;
}
