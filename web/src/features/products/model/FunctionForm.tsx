// One function of the model in fields. What the server says about the model with it is shown where it belongs while
// somebody types; nothing reaches the draft until it is taken over.
import { useMemo, useState } from 'react';

import { Alert, Button, Drawer, Form, Input, Radio, Segmented, Space, Switch } from '../../../kit';
import {
  blankFunction,
  FEATURES,
  members,
  pathOf,
  withFunction,
  writeModel,
  LISTS,
  type AnyFunction,
  type Feature,
  type Found,
  type Model,
} from './document';
import { Field, FieldProblems } from './fields';
import { MemberFields } from './MemberFields';
import { problemsAt, useProblems } from './problems';
import { TypeFields } from './TypeFields';
import { useTexts } from './texts';

/** A function that is edited; without `index` it is new. */
export type Edited = { feature: Feature; index?: number; value: AnyFunction };

const MODES = ['rw', 'r', 'w'] as const;
const EVENT_TYPES = ['info', 'alert', 'fault'] as const;

export function FunctionForm({
  productId,
  model,
  edited,
  readOnly,
  onDone,
  onClose,
}: {
  productId: string;
  model: Model;
  edited: Edited;
  readOnly: boolean;
  onDone: (edited: Edited) => void;
  onClose: () => void;
}) {
  const t = useTexts();
  const [now, setNow] = useState(edited);
  const index = now.index ?? (model[LISTS[now.feature]] ?? []).length;
  const path = pathOf({ feature: now.feature, index });
  const candidate = useMemo(() => withFunction(model, now), [model, now]);
  const text = useMemo(() => writeModel(candidate), [candidate]);
  const { problems, settled } = useProblems(productId, text, candidate);
  const own = problemsAt(problems, path);
  const errors = own.filter((problem) => problem.severity === 'error');
  const isNew = now.index === undefined;
  return (
    <Drawer
      open
      size={620}
      onClose={onClose}
      title={isNew ? t('add') : <bdi>{t('edit', { name: edited.value.name || edited.value.id })}</bdi>}
      footer={
        <div className="products-bar">
          <span className="kit-faint" aria-live="polite">
            {!settled
              ? t('checking')
              : errors.length > 0
                ? t('problems', { count: errors.length })
                : t('fine')}
          </span>
          <Space className="products-bar-end">
            <Button onClick={onClose}>{t('cancel')}</Button>
            <Button
              type="primary"
              disabled={readOnly || !settled || errors.length > 0}
              onClick={() => onDone(now)}
            >
              {t('apply')}
            </Button>
          </Space>
        </div>
      }
    >
      <FieldProblems value={own}>
        <Form layout="vertical" disabled={readOnly} onFinish={() => {}}>
          {isNew && (
            <Form.Item extra={t(`featureText.${now.feature}`)}>
              <Segmented
                aria-label={t('feature.title')}
                value={now.feature}
                onChange={(feature) =>
                  setNow({
                    feature,
                    value: {
                      ...blankFunction(feature, [t('off'), t('on')]),
                      id: now.value.id,
                      name: now.value.name,
                    },
                  })
                }
                options={FEATURES.map((feature) => ({ value: feature, label: t(`feature.${feature}`) }))}
              />
            </Form.Item>
          )}
          <NameFields value={now.value} path={path} onChange={(value) => setNow({ ...now, value })} />
          <OwnFields
            key={now.feature}
            edited={{ ...now, index } as Found}
            path={path}
            onChange={(value) => setNow({ ...now, value })}
          />
          {own
            .filter((problem) => problem.path === path)
            .map((problem) => (
              <Alert key={problem.text} type={problem.severity} showIcon title={problem.text} />
            ))}
        </Form>
      </FieldProblems>
    </Drawer>
  );
}

function NameFields({
  value,
  path,
  onChange,
}: {
  value: AnyFunction;
  path: string;
  onChange: (value: AnyFunction) => void;
}) {
  const t = useTexts();
  return (
    <>
      <div className="products-pair">
        <Field path={`${path}.name`} label={t('name')}>
          <Input
            aria-label={t('name')}
            value={value.name}
            maxLength={128}
            autoFocus
            onChange={(event) => onChange({ ...value, name: event.target.value })}
          />
        </Field>
        <Field path={`${path}.id`} label={t('id')} extra={t('idText')}>
          <Input
            aria-label={t('id')}
            value={value.id}
            maxLength={64}
            className="kit-code"
            spellCheck={false}
            autoCapitalize="off"
            onChange={(event) => onChange({ ...value, id: event.target.value })}
          />
        </Field>
      </div>
      <Field path={`${path}.desc`} label={t('description')}>
        <Input.TextArea
          aria-label={t('description')}
          value={typeof value.desc === 'string' ? value.desc : ''}
          maxLength={2048}
          autoSize={{ minRows: 1, maxRows: 5 }}
          onChange={(event) => onChange({ ...value, desc: event.target.value })}
        />
      </Field>
      <Field path={`${path}.required`} extra={t('requiredText')}>
        <Space>
          <Switch
            size="small"
            aria-label={t('required')}
            checked={value.required === true}
            onChange={(required) => onChange({ ...value, required })}
          />
          {t('required')}
        </Space>
      </Field>
    </>
  );
}

function OwnFields({
  edited: { feature, value },
  path,
  onChange,
}: {
  edited: Found;
  path: string;
  onChange: (value: AnyFunction) => void;
}) {
  const t = useTexts();
  switch (feature) {
    case 'property':
      return (
        <>
          <Field path={`${path}.mode`} label={t('mode.title')}>
            <Radio.Group
              value={value.mode}
              onChange={(event) => onChange({ ...value, mode: String(event.target.value) })}
              options={MODES.map((mode) => ({ value: mode, label: t(`mode.${mode}`) }))}
            />
          </Field>
          <TypeFields
            value={value.define}
            onChange={(define) => onChange({ ...value, define })}
            path={`${path}.define`}
          />
        </>
      );
    case 'event':
      return (
        <>
          <Field path={`${path}.type`} label={t('event.title')}>
            <Radio.Group
              value={value.type}
              onChange={(event) => onChange({ ...value, type: String(event.target.value) })}
              options={EVENT_TYPES.map((type) => ({ value: type, label: t(`event.${type}`) }))}
            />
          </Field>
          <MemberFields
            title={t('params.event')}
            addText={t('addParam')}
            typeKey="define"
            value={members(value.params)}
            onChange={(params) => onChange({ ...value, params })}
            path={`${path}.params`}
            depth={1}
          />
        </>
      );
    case 'action':
      return (
        <>
          {(['input', 'output'] as const).map((list) => (
            <MemberFields
              key={list}
              title={t(`params.${list}`)}
              addText={t('addParam')}
              typeKey="define"
              value={members(value[list])}
              onChange={(after) => onChange({ ...value, [list]: after })}
              path={`${path}.${list}`}
              depth={1}
            />
          ))}
        </>
      );
  }
}
