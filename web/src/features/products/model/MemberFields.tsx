// The members of a struct, or the parameters of an event or action.
import { Button, icons, Input } from '../../../kit';
import { blankMember, members, typeKeyOf, type Member, type TypeKey } from './document';
import { Field } from './fields';
import { RemoveButton, TypeFields } from './TypeFields';
import { useTexts } from './texts';

const MOST_MEMBERS = 64;

export function MemberFields({
  title,
  addText,
  typeKey,
  value,
  onChange,
  path,
  depth,
}: {
  title: string;
  addText: string;
  typeKey: TypeKey;
  value: Member[] | undefined;
  onChange: (value: Member[]) => void;
  path: string;
  depth: number;
}) {
  const list = members(value);
  return (
    <fieldset className="products-nested">
      <legend>{title}</legend>
      <Field path={path}>
        {list.map((member, index) => (
          <MemberField
            key={index}
            typeKey={typeKey}
            value={member}
            onChange={(after) => onChange(list.with(index, after))}
            onRemove={() => onChange(list.filter((_, at) => at !== index))}
            path={`${path}[${index}]`}
            depth={depth}
          />
        ))}
        <Button
          size="small"
          icon={<icons.PlusOutlined />}
          disabled={list.length >= MOST_MEMBERS}
          onClick={() => onChange([...list, blankMember(typeKey)])}
        >
          {addText}
        </Button>
      </Field>
    </fieldset>
  );
}

function MemberField({
  typeKey,
  value,
  onChange,
  onRemove,
  path,
  depth,
}: {
  typeKey: TypeKey;
  value: Member;
  onChange: (value: Member) => void;
  onRemove: () => void;
  path: string;
  depth: number;
}) {
  const t = useTexts();
  const key = typeKeyOf(value, typeKey);
  return (
    <div className="products-member">
      <div className="products-row">
        <Field path={`${path}.id`} label={t('id')}>
          <Input
            aria-label={t('id')}
            value={value.id}
            maxLength={64}
            className="kit-code"
            spellCheck={false}
            onChange={(event) => onChange({ ...value, id: event.target.value })}
          />
        </Field>
        <Field path={`${path}.name`} label={t('name')}>
          <Input
            aria-label={t('name')}
            value={value.name ?? ''}
            maxLength={128}
            onChange={(event) => onChange({ ...value, name: event.target.value })}
          />
        </Field>
        <div className="products-member-remove">
          <RemoveButton label={t('removeMember', { name: value.name || value.id })} onClick={onRemove} />
        </div>
      </div>
      <TypeFields
        value={value[key] ?? { type: '' }}
        onChange={(type) => onChange({ ...value, [key]: type })}
        path={`${path}.${key}`}
        depth={depth}
      />
    </div>
  );
}
