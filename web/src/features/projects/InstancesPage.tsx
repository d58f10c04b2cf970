// The instances of the account with what they hold; enterprise ones are made, limited and deleted here.
import { useState } from 'react';

import { useChange, useMay, useOperation, useSession, type Answer } from '../../api';
import {
  count,
  Danger,
  Empty,
  FailureNote,
  Form,
  GuardedButton,
  icons,
  Id,
  Input,
  InputNumber,
  Modal,
  notice,
  Page,
  PageLink,
  ResourceTable,
  Space,
  type Column,
} from '../../kit';
import { Migrations } from './Migrations';
import { useTexts } from './texts';

type Instance = Answer<'DescribeInstances'>['Instances'][number];

const PUBLIC = 0;

export default function InstancesPage() {
  const t = useTexts();
  const may = useMay();
  const list = useOperation('DescribeInstances', {});
  const [edited, setEdited] = useState<Instance | 'new'>();
  const [removed, setRemoved] = useState<Instance>();
  const remove = useChange('DeleteInstance', ['DescribeInstances']);
  const columns: Column<Instance>[] = [
    {
      key: 'id',
      title: t('instance'),
      fixed: true,
      render: (instance) => <Id value={instance.InstanceId} />,
    },
    {
      key: 'kind',
      title: t('instances.kind'),
      render: ({ InstanceType }) =>
        InstanceType === PUBLIC ? t('instances.public') : t('instances.enterprise'),
    },
    { key: 'remark', title: t('instances.remark'), render: (instance) => <bdi>{instance.Description}</bdi> },
    {
      key: 'projects',
      title: t('title'),
      align: 'right',
      render: (instance) => <PageLink to="/projects">{count(instance.ProjectNum)}</PageLink>,
    },
    {
      key: 'devices',
      title: t('instances.registered'),
      align: 'right',
      render: (instance) => count(instance.UsedDeviceNum),
    },
    {
      key: 'limit',
      title: t('instances.limit'),
      align: 'right',
      render: ({ TotalDeviceNum }) =>
        TotalDeviceNum === 0 ? t('instances.unlimited') : count(TotalDeviceNum),
    },
    {
      key: 'actions',
      title: t('actions'),
      fixed: true,
      render: (instance) => (
        <Space>
          <GuardedButton operation="ModifyInstance" size="small" onClick={() => setEdited(instance)}>
            {t('edit')}
          </GuardedButton>
          {instance.InstanceType !== PUBLIC && (
            <GuardedButton
              operation="DeleteInstance"
              size="small"
              danger
              icon={<icons.DeleteOutlined />}
              aria-label={t('instances.remove', { id: instance.InstanceId })}
              onClick={() => setRemoved(instance)}
            />
          )}
        </Space>
      ),
    },
  ];
  return (
    <Page
      title={t('instances.title')}
      about={t('instances.about')}
      actions={
        <GuardedButton
          operation="CreateInstance"
          type="primary"
          icon={<icons.PlusOutlined />}
          onClick={() => setEdited('new')}
        >
          {t('instances.create')}
        </GuardedButton>
      }
    >
      <ResourceTable
        id="instances"
        label={t('instances.title')}
        columns={columns}
        rows={list.data?.Instances}
        rowKey={(instance) => instance.InstanceId}
        loading={list.isPending}
        error={list.error}
        refresh={() => void list.refetch()}
        empty={<Empty title={t('instances.title')}>{t('instances.about')}</Empty>}
      />
      {may('DescribeMigrations') && <Migrations />}
      {edited && <InstanceForm edited={edited} onClose={() => setEdited(undefined)} />}
      <Danger
        open={removed !== undefined}
        title={t('instances.remove', { id: removed?.InstanceId ?? '' })}
        name={removed?.InstanceId}
        onClose={() => setRemoved(undefined)}
        onConfirm={async () => removed && remove.mutateAsync({ InstanceId: removed.InstanceId })}
      >
        {t('instances.removeText')}
      </Danger>
    </Page>
  );
}

interface Values {
  remark?: string;
  limit?: number | null;
}

function InstanceForm({ edited, onClose }: { edited: Instance | 'new'; onClose: () => void }) {
  const t = useTexts();
  const operator = useSession((session) => session.operator);
  const [form] = Form.useForm<Values>();
  const [error, setError] = useState<unknown>();
  const create = useChange('CreateInstance', ['DescribeInstances']);
  const modify = useChange('ModifyInstance', ['DescribeInstances']);
  const save = async ({ remark, limit }: Values) => {
    // Only the operator may say anything about the limit, even that it stays as it is.
    const settings = { Description: remark, TotalDeviceNum: operator ? (limit ?? 0) : undefined };
    try {
      if (edited === 'new') await create.mutateAsync(settings);
      else await modify.mutateAsync({ InstanceId: edited.InstanceId, ...settings });
      notice.done(t('instances.saved'));
      onClose();
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <Modal
      open
      title={edited === 'new' ? t('instances.create') : t('edit')}
      okText={t('save')}
      onOk={form.submit}
      onCancel={onClose}
      confirmLoading={create.isPending || modify.isPending}
    >
      <Form
        form={form}
        layout="vertical"
        onFinish={(values) => void save(values)}
        initialValues={
          edited === 'new' ? {} : { remark: edited.Description, limit: edited.TotalDeviceNum || undefined }
        }
      >
        <Form.Item name="remark" label={t('instances.remark')}>
          <Input maxLength={256} autoFocus />
        </Form.Item>
        {operator && (
          <Form.Item name="limit" label={t('instances.limit')}>
            <InputNumber
              min={0}
              max={10_000_000}
              placeholder={t('instances.unlimited')}
              style={{ width: '100%' }}
            />
          </Form.Item>
        )}
      </Form>
      <FailureNote error={error} />
    </Modal>
  );
}
