// The projects of the account: made, renamed and deleted here.
import { useState } from 'react';

import { useChange, useMay, useOperation, type Answer } from '../../api';
import {
  Danger,
  Empty,
  GuardedButton,
  icons,
  Id,
  Input,
  notice,
  Page,
  PageLink,
  ResourceTable,
  Space,
  Time,
  count,
  useAddress,
  type Column,
} from '../../kit';
import { ProjectForm, type EditedProject } from './ProjectForm';
import { useTexts } from './texts';

type Project = Answer<'GetProjectList'>['Projects'][number];

export default function ProjectsPage() {
  const t = useTexts();
  const may = useMay();
  const [{ find, page, size }, setAddress] = useAddress({ find: '', page: 1, size: 20 });
  const list = useOperation(
    'GetProjectList',
    { ProjectName: find || undefined, Offset: (page - 1) * size, Limit: size },
    { keep: true },
  );
  const [edited, setEdited] = useState<EditedProject | 'new'>();
  const [removed, setRemoved] = useState<Project>();
  const remove = useChange('DeleteProject', ['GetProjectList']);
  const columns: Column<Project>[] = [
    { key: 'name', title: t('name'), fixed: true, render: (project) => <bdi>{project.ProjectName}</bdi> },
    { key: 'id', title: t('id'), render: (project) => <Id value={project.ProjectId} /> },
    {
      key: 'instance',
      title: t('instance'),
      render: (project) => <Id value={project.InstanceId} />,
      extra: true,
    },
    {
      key: 'products',
      title: t('products'),
      align: 'right',
      render: (project) => (
        <PageLink to={`/products?project=${project.ProjectId}`}>{count(project.ProductCount)}</PageLink>
      ),
    },
    { key: 'devices', title: t('devices'), align: 'right', render: (project) => count(project.DeviceCount) },
    {
      key: 'apps',
      title: t('applications'),
      align: 'right',
      render: (project) => count(project.ApplicationCount),
    },
    { key: 'created', title: t('created'), render: (project) => <Time at={project.CreateTime * 1000} /> },
    {
      key: 'actions',
      title: t('actions'),
      fixed: true,
      render: (project) => (
        <Space>
          <GuardedButton operation="ModifyProject" size="small" onClick={() => setEdited(project)}>
            {t('edit')}
          </GuardedButton>
          <GuardedButton
            operation="DeleteProject"
            size="small"
            danger
            icon={<icons.DeleteOutlined />}
            aria-label={t('remove', { name: project.ProjectName })}
            onClick={() => setRemoved(project)}
          />
        </Space>
      ),
    },
  ];
  const newOne = (
    <GuardedButton
      operation="CreateProject"
      type="primary"
      icon={<icons.PlusOutlined />}
      onClick={() => setEdited('new')}
    >
      {t('create')}
    </GuardedButton>
  );
  return (
    <Page title={t('title')} about={t('about')} actions={newOne}>
      <ResourceTable
        id="projects"
        label={t('title')}
        columns={columns}
        rows={list.data?.Projects}
        rowKey={(project) => project.ProjectId}
        loading={list.isPending}
        error={list.error}
        refresh={() => void list.refetch()}
        filters={
          <Input.Search
            allowClear
            placeholder={t('find')}
            aria-label={t('find')}
            defaultValue={find}
            onSearch={(value) => setAddress({ find: value, page: 1 })}
            style={{ maxWidth: 260 }}
          />
        }
        paging={{
          total: list.data?.Total ?? 0,
          page,
          size,
          onChange: (next, nextSize) => setAddress({ page: next, size: nextSize }, true),
        }}
        empty={
          find ? (
            <Empty title={t('nothingFound')} />
          ) : (
            <Empty title={t('emptyTitle')} action={may('CreateProject') && newOne}>
              {t('emptyText')}
            </Empty>
          )
        }
      />
      {edited && <ProjectForm edited={edited} onClose={() => setEdited(undefined)} />}
      <Danger
        open={removed !== undefined}
        title={t('remove', { name: removed?.ProjectName ?? '' })}
        onClose={() => setRemoved(undefined)}
        onConfirm={async () => {
          if (!removed) return;
          await remove.mutateAsync({ ProjectId: removed.ProjectId });
          notice.done(t('removed', { name: removed.ProjectName }));
        }}
      >
        {t('removeText')}
      </Danger>
    </Page>
  );
}
