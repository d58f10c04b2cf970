// A policy's document: written by hand, or made from choices.
import { useState } from 'react';

import { useChange, useOperation, type Answer } from '../../api';
import {
  Alert,
  CodeEditor,
  Drawer,
  FailureNote,
  Form,
  GuardedButton,
  Input,
  notice,
  Skeleton,
  Space,
} from '../../kit';
import { Generator } from './Generator';
import { useTexts } from './texts';

/** Where a new document begins. */
const FIRST = `{
  "version": "2.0",
  "statement": [
    {
      "effect": "allow",
      "action": ["iotexplorer:Describe*", "iotexplorer:Get*", "iotexplorer:List*", "iotexplorer:Search*"],
      "resource": ["*"]
    }
  ]
}`;

interface Props {
  /** The policy; a new one without it. */
  id?: number;
  preset: boolean;
  onClose: () => void;
}

export function PolicyEditor({ id, preset, onClose }: Props) {
  const t = useTexts();
  const read = useOperation('GetPolicy', { PolicyId: id ?? 0 }, { enabled: id !== undefined });
  const title = id === undefined ? t('policies.create') : (read.data?.PolicyName ?? '');
  return (
    <Drawer open onClose={onClose} size={760} title={<bdi>{title}</bdi>}>
      <FailureNote error={read.error} />
      {id !== undefined && !read.data && read.isPending && <Skeleton active />}
      {(id === undefined || read.data) && (
        <Editor id={id} policy={read.data} preset={preset} onClose={onClose} />
      )}
    </Drawer>
  );
}

interface Values {
  name?: string;
  description?: string;
}

function Editor({ id, policy, preset, onClose }: Props & { policy?: Answer<'GetPolicy'> }) {
  const t = useTexts();
  const [text, setText] = useState(policy ? indented(policy.PolicyDocument) : FIRST);
  const [error, setError] = useState<unknown>();
  const create = useChange('CreatePolicy', ['ListPolicies']);
  const update = useChange('UpdatePolicy', ['ListPolicies', 'GetPolicy']);
  const save = async (values: Values) => {
    setError(undefined);
    const common = { Description: values.description ?? '', PolicyDocument: text };
    try {
      if (id === undefined) await create.mutateAsync({ PolicyName: values.name ?? '', ...common });
      else await update.mutateAsync({ PolicyId: id, ...common });
      notice.done(t('policies.saved'));
      onClose();
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <Form
      layout="vertical"
      onFinish={(values: Values) => void save(values)}
      initialValues={{ description: policy?.Description }}
    >
      {preset && <Alert type="info" title={t('policies.presetText')} />}
      {id === undefined && (
        <Form.Item
          name="name"
          label={t('policies.name')}
          rules={[{ required: true, pattern: /^[\w+=,.@-]{1,128}$/, message: t('users.nameText') }]}
        >
          <Input autoFocus maxLength={128} />
        </Form.Item>
      )}
      <Form.Item name="description" label={t('policies.description')}>
        <Input maxLength={1024} disabled={preset} />
      </Form.Item>
      {!preset && <Generator onMade={(document) => setText(indented(document))} />}
      <CodeEditor
        label={t('policies.document')}
        language="json"
        value={text}
        onChange={preset ? undefined : setText}
        height="320px"
      />
      <FailureNote error={error} />
      {!preset && (
        <Space className="access-section">
          <GuardedButton
            operation={id === undefined ? 'CreatePolicy' : 'UpdatePolicy'}
            type="primary"
            htmlType="submit"
            loading={create.isPending || update.isPending}
          >
            {t('policies.save')}
          </GuardedButton>
        </Space>
      )}
    </Form>
  );
}

function indented(document: string): string {
  try {
    return JSON.stringify(JSON.parse(document), null, 2);
  } catch {
    return document;
  }
}
