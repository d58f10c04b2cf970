// The applications of the chosen project, or of all.
import { useState } from 'react';

import { useMay, useOperation, type Answer } from '../../api';
import {
  count,
  Empty,
  GuardedButton,
  icons,
  Id,
  Input,
  Page,
  PageLink,
  ResourceTable,
  Time,
  useAddress,
  useGo,
  type Column,
} from '../../kit';
import { useProjectId, useProjects } from '../projects/current';
import { ApplicationForm } from './ApplicationForm';
import { productsIn } from './binding';
import { DeleteApplication } from './DeleteApplication';
import { useTexts } from './texts';

export type Application = Answer<'DescribeApplications'>['Applications'][number];

export default function ApplicationsPage() {
  const t = useTexts();
  const may = useMay();
  const go = useGo();
  const project = useProjectId();
  const { projects } = useProjects();
  const [{ find, page, size }, setAddress] = useAddress({ find: '', page: 1, size: 20 });
  const list = useOperation(
    'DescribeApplications',
    {
      AppName: find || undefined,
      ProjectId: project || undefined,
      Offset: (page - 1) * size,
      Limit: size,
    },
    { keep: true },
  );
  const [making, setMaking] = useState(false);
  const [removed, setRemoved] = useState<Application>();
  const columns: Column<Application>[] = [
    {
      key: 'name',
      title: t('name'),
      fixed: true,
      render: (application) => (
        <PageLink to={`/applications/${application.IotAppID}`}>
          <bdi>{application.AppName}</bdi>
        </PageLink>
      ),
    },
    { key: 'id', title: t('id'), render: (application) => <Id value={application.IotAppID} /> },
    {
      key: 'project',
      title: t('project'),
      render: ({ ProjectId }) => (
        <bdi>{projects.find((each) => each.ProjectId === ProjectId)?.ProjectName ?? ProjectId}</bdi>
      ),
    },
    {
      key: 'products',
      title: t('products'),
      align: 'right',
      render: ({ IotAppID, Products }) => (
        <PageLink to={`/applications/${IotAppID}?tab=products`}>
          {count(productsIn(Products).length)}
        </PageLink>
      ),
    },
    {
      key: 'description',
      title: t('description'),
      extra: true,
      render: (application) => <bdi>{application.Description}</bdi>,
    },
    {
      key: 'created',
      title: t('created'),
      render: ({ CreateTime }) => <Time at={Date.parse(CreateTime)} />,
    },
    {
      key: 'actions',
      title: t('actions'),
      fixed: true,
      render: (application) => (
        <GuardedButton
          operation="DeleteApplication"
          size="small"
          danger
          icon={<icons.DeleteOutlined />}
          aria-label={t('remove', { name: application.AppName })}
          onClick={() => setRemoved(application)}
        />
      ),
    },
  ];
  const newOne = (
    <GuardedButton
      operation="CreateApplication"
      type="primary"
      icon={<icons.PlusOutlined />}
      onClick={() => setMaking(true)}
    >
      {t('create')}
    </GuardedButton>
  );
  return (
    <Page title={t('title')} about={t('about')} actions={newOne}>
      <ResourceTable
        id="applications"
        label={t('title')}
        columns={columns}
        rows={list.data?.Applications}
        rowKey={(application) => application.IotAppID}
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
            <Empty title={t('emptyTitle')} action={may('CreateApplication') && newOne}>
              {t('emptyText')}
            </Empty>
          )
        }
      />
      {making && (
        <ApplicationForm
          project={project || projects[0]?.ProjectId}
          onClose={() => setMaking(false)}
          onMade={(id) => go(`/applications/${id}`)}
        />
      )}
      {removed && <DeleteApplication application={removed} onClose={() => setRemoved(undefined)} />}
    </Page>
  );
}
