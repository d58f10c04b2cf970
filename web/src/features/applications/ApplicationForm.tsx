// Makes an application, or changes the name and description of one.
import { useState } from 'react';

import { useChange, type Answer } from '../../api';
import { FailureNote, Form, Input, Modal, notice, ProductSelect, Select } from '../../kit';
import { useProjects } from '../projects/current';
import { useTexts } from './texts';

type Known = Pick<Answer<'DescribeApplication'>['Application'], 'IotAppID' | 'AppName' | 'Description'>;

interface Values {
  name: string;
  description?: string;
  project?: string;
  products?: string[];
}

interface Props {
  /** The application that is changed; without it, one is made. */
  edited?: Known;
  project?: string;
  onClose: () => void;
  onMade?: (id: string) => void;
}

export function ApplicationForm({ edited, project, onClose, onMade }: Props) {
  const t = useTexts();
  const [form] = Form.useForm<Values>();
  const chosen = Form.useWatch('project', form);
  const { projects } = useProjects();
  const [error, setError] = useState<unknown>();
  const create = useChange('CreateApplication', ['DescribeApplications', 'GetProjectList']);
  const modify = useChange('ModifyApplication', ['DescribeApplication', 'DescribeApplications']);
  const save = async ({ name, description = '', project: ProjectId = '', products = [] }: Values) => {
    setError(undefined);
    try {
      if (edited) {
        await modify.mutateAsync({ IotAppID: edited.IotAppID, AppName: name, Description: description });
        notice.done(t('saved'));
      } else {
        const { Application } = await create.mutateAsync({
          ProjectId,
          AppName: name,
          Description: description,
          Products: JSON.stringify(products),
        });
        notice.done(t('made', { name }));
        onMade?.(Application.IotAppID);
      }
      onClose();
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <Modal
      open
      title={edited ? t('edit') : t('create')}
      okText={edited ? t('save') : t('create')}
      onOk={form.submit}
      onCancel={onClose}
      confirmLoading={create.isPending || modify.isPending}
    >
      <Form
        form={form}
        layout="vertical"
        onFinish={(values) => void save(values)}
        initialValues={edited ? { name: edited.AppName, description: edited.Description } : { project }}
      >
        <Form.Item name="name" label={t('name')} rules={[{ required: true, max: 64 }]}>
          <Input maxLength={64} autoFocus />
        </Form.Item>
        <Form.Item name="description" label={t('description')}>
          <Input.TextArea maxLength={1024} rows={2} />
        </Form.Item>
        {!edited && (
          <>
            <Form.Item name="project" label={t('project')} rules={[{ required: true }]}>
              <Select
                options={projects.map((each) => ({ value: each.ProjectId, label: each.ProjectName }))}
                showSearch={{ optionFilterProp: 'label' }}
              />
            </Form.Item>
            <Form.Item name="products" label={t('products')} extra={t('productsText')}>
              <ProductSelect<string[]> mode="multiple" project={chosen} />
            </Form.Item>
          </>
        )}
      </Form>
      <FailureNote error={error} />
    </Modal>
  );
}
