// What narrows a tail down; the same for what comes and for the past.
import { Input, Select } from 'antd';
import { useEffect, useState } from 'react';

import { kinds, type Kind, type TailFilter } from './row';
import { useTexts } from './texts';

const TYPING_MS = 350;

/** A field whose value counts once one pauses. */
function Typed({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
}) {
  const [typed, setTyped] = useState(value);
  const [taken, setTaken] = useState(value);
  if (taken !== value) {
    setTaken(value);
    setTyped(value);
  }
  useEffect(() => {
    if (typed === value) return undefined;
    const timer = setTimeout(() => onChange(typed), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, value, onChange]);
  return (
    <Input
      allowClear
      size="small"
      className="kit-tail-field"
      placeholder={label}
      aria-label={label}
      maxLength={200}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
    />
  );
}

const GRADES: Partial<Record<Kind, string[]>> = {
  Commands: ['stored', 'sent', 'received', 'done', 'failed', 'expired'],
  DeviceLogs: ['ERROR', 'WARN', 'INFO', 'DEBUG'],
  Events: ['info', 'alert', 'fault'],
};

export interface TailFiltersProps {
  filter: TailFilter;
  onChange: (change: Partial<TailFilter>) => void;
  /** The kinds to choose from; without it there is nothing to choose. */
  offered?: readonly Kind[];
}

export function TailFilters({ filter, onChange, offered }: TailFiltersProps) {
  const t = useTexts();
  const asked = filter.what.length > 0 ? filter.what : (offered ?? kinds);
  const grades = asked.flatMap((kind) => GRADES[kind] ?? []);
  return (
    <>
      {offered && (
        <Select<Kind[]>
          mode="multiple"
          size="small"
          className="kit-tail-kinds"
          maxTagCount="responsive"
          allowClear
          placeholder={t('kind.any')}
          aria-label={t('kind.any')}
          value={[...filter.what]}
          onChange={(what) => onChange({ what, grades: [] })}
          options={offered.map((kind) => ({ value: kind, label: t(`kind.${kind}`) }))}
        />
      )}
      <Typed label={t('find')} value={filter.text} onChange={(text) => onChange({ text })} />
      {asked.includes('Messages') && (
        <>
          <Typed label={t('topic')} value={filter.topic} onChange={(topic) => onChange({ topic })} />
          <Select<TailFilter['direction']>
            size="small"
            className="kit-tail-field"
            aria-label={t('direction.any')}
            value={filter.direction}
            onChange={(direction) => onChange({ direction })}
            options={[
              { value: '', label: t('direction.any') },
              { value: 'up', label: t('direction.up') },
              { value: 'down', label: t('direction.down') },
            ]}
          />
        </>
      )}
      {grades.length > 0 && (
        <Select<string[]>
          mode="multiple"
          size="small"
          className="kit-tail-field"
          maxTagCount="responsive"
          allowClear
          placeholder={t('grades')}
          aria-label={t('grades')}
          value={[...filter.grades]}
          onChange={(chosen) => onChange({ grades: chosen })}
          options={grades.map((grade) => ({ value: grade, label: grade }))}
        />
      )}
    </>
  );
}
