// Makes a project or changes one.
import { useState } from 'react';

import { useChange, useOperation } from '../../api';
import { FailureNote, Form, Input, Modal, notice, Select } from '../../kit';
import { useTexts } from './texts';

export interface EditedProject {
  ProjectId: string;
  ProjectName: string;
  ProjectDesc: string;
}

interface Values {
  name: string;
  description?: string;
  instance?: string;
}

export function ProjectForm({ edited, onClose }: { edited: EditedProject | 'new'; onClose: () => void }) {
  const t = useTexts();
  const [form] = Form.useForm<Values>();
  const [error, setError] = useState<unknown>();
  const create = useChange('CreateProject', ['GetProjectList']);
  const modify = useChange('ModifyProject', ['GetProjectList']);
  const instances = useOperation('DescribeInstances', {}, { enabled: edited === 'new' });
  const save = async ({ name, description = '', instance }: Values) => {
    try {
      if (edited === 'new') {
        await create.mutateAsync({ ProjectName: name, ProjectDesc: description, InstanceId: instance });
        notice.done(t('created_notice', { name }));
      } else {
        await modify.mutateAsync({
          ProjectId: edited.ProjectId,
          ProjectName: name,
          ProjectDesc: description,
        });
        notice.done(t('saved'));
      }
      onClose();
    } catch (failure) {
      setError(failure);
    }
  };
  const options = instances.data?.Instances.map((instance) => ({
    value: instance.InstanceId,
    label: instance.InstanceId,
  }));
  return (
    <Modal
      open
      title={edited === 'new' ? t('create') : t('edit')}
      okText={edited === 'new' ? t('create') : t('save')}
      onOk={form.submit}
      onCancel={onClose}
      confirmLoading={create.isPending || modify.isPending}
    >
      <Form
        form={form}
        layout="vertical"
        onFinish={(values) => void save(values)}
        initialValues={edited === 'new' ? {} : { name: edited.ProjectName, description: edited.ProjectDesc }}
      >
        <Form.Item name="name" label={t('name')} rules={[{ required: true, max: 64 }]}>
          <Input maxLength={64} autoFocus />
        </Form.Item>
        <Form.Item name="description" label={t('description')}>
          <Input.TextArea maxLength={1024} rows={3} />
        </Form.Item>
        {edited === 'new' && (options?.length ?? 0) > 1 && (
          <Form.Item name="instance" label={t('instance')} initialValue={options?.[0]?.value}>
            <Select options={options} />
          </Form.Item>
        )}
      </Form>
      <FailureNote error={error} />
    </Modal>
  );
}
