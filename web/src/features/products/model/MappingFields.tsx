// The values of an enumeration with their labels. The rows are kept apart from the document while somebody types: there
// a value that is typed twice would swallow the other one, and values of digits would change their places.
import { useState } from 'react';

import { Button, icons, Input } from '../../../kit';
import { mappingOf } from './document';
import { Field } from './fields';
import { RemoveButton, type TypeFieldsProps } from './TypeFields';
import { useTexts } from './texts';

const MOST_VALUES = 512;

type Row = readonly [value: string, label: string];

export function MappingFields({ value, onChange, path }: TypeFieldsProps) {
  const t = useTexts();
  const [rows, setRows] = useState<Row[]>(() => mappingOf(value));
  const put = (after: Row[]) => {
    setRows(after);
    onChange({ ...value, mapping: Object.fromEntries(after) });
  };
  const twice = new Set(rows.map(([each]) => each)).size < rows.length;
  const next = () => {
    const numbers = rows.map(([each]) => Number(each)).filter(Number.isInteger);
    return value.type === 'enum' ? String(Math.max(-1, ...numbers) + 1) : '';
  };
  return (
    <Field path={`${path}.mapping`} within>
      {rows.map(([each, label], index) => (
        <div key={index} className="products-row">
          <Input
            value={each}
            aria-label={t('value')}
            placeholder={t('value')}
            maxLength={128}
            className="products-short"
            onChange={(event) => put(rows.with(index, [event.target.value, label]))}
          />
          <Input
            value={label}
            aria-label={t('label')}
            placeholder={t('label')}
            maxLength={128}
            onChange={(event) => put(rows.with(index, [each, event.target.value]))}
          />
          <RemoveButton
            label={t('removeValue', { value: each })}
            onClick={() => put(rows.filter((_, at) => at !== index))}
          />
        </div>
      ))}
      {twice && <p role="alert">{t('twice')}</p>}
      <Button
        size="small"
        icon={<icons.PlusOutlined />}
        disabled={rows.length >= MOST_VALUES}
        onClick={() => put([...rows, [next(), '']])}
      >
        {t('addValue')}
      </Button>
    </Field>
  );
}
