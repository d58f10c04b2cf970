// The functions of the draft in rows: what they are, what is wrong with them, and what can be done with each.
import { useState } from 'react';

import {
  Button,
  Empty,
  icons,
  Id,
  Input,
  readModel as readLenient,
  ResourceTable,
  Select,
  Space,
  Status,
  Tag,
  Tooltip,
  type Column,
  type DataType,
} from '../../../kit';
import { FEATURES, functionsOf, LISTS, pathOf, type Feature, type Found, type Model } from './document';
import { problemsAt, type Problem } from './problems';
import { useTexts } from './texts';

/** Labels beyond these are counted only. */
const MOST_LABELS = 3;

/** A type in a few words. */
export function useTypeWords(): (type: DataType) => string {
  const t = useTexts();
  const some = (labels: string[]) =>
    labels.length > MOST_LABELS
      ? t('many', { first: labels.slice(0, MOST_LABELS).join(', '), count: labels.length - MOST_LABELS })
      : labels.join(', ');
  const words = (type: DataType): string => {
    const name = t(`types.${type.kind}`);
    switch (type.kind) {
      case 'bool':
        return `${name}: ${type.labels.join(' / ')}`;
      case 'int':
      case 'float': {
        const range =
          type.min !== undefined || type.max !== undefined ? ` ${type.min ?? '−∞'}…${type.max ?? '∞'}` : '';
        return `${name}${range}${type.unit && ` ${type.unit}`}`;
      }
      case 'string':
        return `${name} ${type.min}…${type.max}`;
      case 'enum':
      case 'stringenum':
        return `${name}: ${some(type.items.map((item) => item.label || String(item.value)))}`;
      case 'struct':
        return `${name}: ${some(type.fields.map((field) => field.id))}`;
      case 'array':
        return `${name}: ${words(type.item)}`;
      case 'timestamp':
        return name;
    }
  };
  return words;
}

export interface FunctionTableProps {
  model: Model;
  /** Of the category, for the origin of each function. */
  standard: Model | undefined;
  problems: readonly Problem[];
  readOnly: boolean;
  onEdit: (found: Found) => void;
  onCopy: (found: Found) => void;
  onRemove: (found: Found[]) => void;
  onExamples: (found: Found) => void;
  /** Offers ways to begin where nothing is yet. */
  beginnings: React.ReactNode;
}

const keyOf = (found: Found) => `${found.feature} ${found.index}`;

export function FunctionTable(props: FunctionTableProps) {
  const t = useTexts();
  const { model, problems, readOnly } = props;
  const [find, setFind] = useState('');
  const [feature, setFeature] = useState<Feature | ''>('');
  const all = functionsOf(model);
  const wanted = find.trim().toLowerCase();
  const rows = all.filter(
    (found) =>
      (feature === '' || found.feature === feature) &&
      `${found.value.name}\n${found.value.id}`.toLowerCase().includes(wanted),
  );
  const columns: Column<Found>[] = [
    {
      key: 'feature',
      title: t('feature.title'),
      fixed: true,
      render: (found) => <Tag>{t(`feature.${found.feature}`)}</Tag>,
    },
    {
      key: 'name',
      title: t('name'),
      fixed: true,
      render: (found) => (
        <div>
          <button type="button" className="products-link" onClick={() => props.onEdit(found)}>
            <bdi>{found.value.name || found.value.id || '—'}</bdi>
          </button>
          <FunctionProblems problems={problemsAt(problems, pathOf(found))} />
        </div>
      ),
    },
    { key: 'id', title: t('id'), render: (found) => <Id value={found.value.id} /> },
    { key: 'type', title: t('type'), render: (found) => <TypeCell found={found} model={model} /> },
    { key: 'use', title: t('use'), render: (found) => <UseCell found={found} /> },
    {
      key: 'source',
      title: t('source'),
      extra: props.standard === undefined,
      render: (found) => <Origin found={found} standard={props.standard} />,
    },
    {
      key: 'description',
      title: t('description'),
      extra: true,
      render: ({ value }) => <bdi>{typeof value.desc === 'string' ? value.desc : ''}</bdi>,
    },
    {
      key: 'actions',
      title: t('actions'),
      fixed: true,
      render: (found) => <RowActions found={found} {...props} />,
    },
  ];
  return (
    <ResourceTable
      id="functions"
      label={t('table')}
      columns={columns}
      rows={rows}
      rowKey={keyOf}
      filters={
        all.length > 0 && (
          <>
            <Input
              allowClear
              prefix={<icons.SearchOutlined />}
              value={find}
              placeholder={t('find')}
              aria-label={t('find')}
              onChange={(event) => setFind(event.target.value)}
              style={{ maxWidth: 260 }}
            />
            <Select
              aria-label={t('feature.title')}
              value={feature}
              onChange={setFeature}
              options={[
                { value: '' as const, label: `${t('feature.all')} (${all.length})` },
                ...FEATURES.map((each) => ({
                  value: each,
                  label: `${t(`feature.${each}`)} (${model[LISTS[each]]?.length ?? 0})`,
                })),
              ]}
              style={{ minWidth: 140 }}
            />
          </>
        )
      }
      empty={
        all.length > 0 ? (
          <Empty title={t('noneFound')} />
        ) : (
          <Empty title={t('noFunctions')} action={!readOnly && props.beginnings}>
            {t('noFunctionsText')}
          </Empty>
        )
      }
    />
  );
}

function FunctionProblems({ problems }: { problems: Problem[] }) {
  return problems.slice(0, 3).map((problem) => (
    <div key={`${problem.path} ${problem.text}`} className="products-problem">
      <Status tone={problem.severity === 'error' ? 'bad' : 'warn'}>
        <span className="products-problem-text">{problem.text}</span>
      </Status>
    </div>
  ));
}

function TypeCell({ found, model }: { found: Found; model: Model }) {
  const t = useTexts();
  const words = useTypeWords();
  switch (found.feature) {
    case 'property': {
      // One at a time: a list with faulty entries would shift the others.
      const [field] = readLenient(
        JSON.stringify({ properties: [model.properties?.[found.index]] }),
      ).properties;
      return field ? <bdi className="products-type">{words(field.type)}</bdi> : null;
    }
    case 'event':
      return t('paramsCount', { count: found.value.params?.length ?? 0 });
    case 'action':
      return t('inOut', {
        input: found.value.input?.length ?? 0,
        output: found.value.output?.length ?? 0,
      });
  }
}

function UseCell({ found }: { found: Found }) {
  const t = useTexts();
  if (found.feature === 'property') {
    const { mode } = found.value;
    return mode === 'r' || mode === 'w' || mode === 'rw' ? t(`mode.${mode}`) : mode;
  }
  if (found.feature === 'event') {
    const { type } = found.value;
    return type === 'info' || type === 'alert' || type === 'fault' ? t(`event.${type}`) : type;
  }
  return '—';
}

function Origin({ found, standard }: { found: Found; standard: Model | undefined }) {
  const t = useTexts();
  const there = standard ? functionsOf(standard).find((each) => each.value.id === found.value.id) : undefined;
  if (!there) return t('standard.own');
  return there.value.required ? t('standard.required') : t('standard.optional');
}

function RowActions({
  found,
  readOnly,
  onEdit,
  onCopy,
  onRemove,
  onExamples,
}: FunctionTableProps & { found: Found }) {
  const t = useTexts();
  const name = found.value.name || found.value.id;
  const buttons = [
    { icon: <icons.EditOutlined />, label: t('edit', { name }), run: () => onEdit(found) },
    {
      icon: <icons.CodeOutlined />,
      label: t('examples.of', { name }),
      run: () => onExamples(found),
      always: true,
    },
    { icon: <icons.CopyOutlined />, label: t('copy', { name }), run: () => onCopy(found) },
    {
      icon: <icons.DeleteOutlined />,
      label: t('remove', { name }),
      run: () => onRemove([found]),
      danger: true,
    },
  ];
  return (
    <Space size={4}>
      {buttons
        .filter((button) => button.always || !readOnly)
        .map((button) => (
          <Tooltip key={button.label} title={button.label}>
            <Button
              size="small"
              icon={button.icon}
              danger={button.danger}
              aria-label={button.label}
              onClick={button.run}
            />
          </Tooltip>
        ))}
    </Space>
  );
}
