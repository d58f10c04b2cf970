// One application: what it is, its keys, the products that it serves, its push services, and binding.
import { useState } from 'react';

import { useOperation } from '../../api';
import {
  Card,
  exact,
  Facts,
  FailureNote,
  GuardedButton,
  icons,
  Id,
  Page,
  Skeleton,
  Tabs,
  useAddress,
  useGo,
  usePathValues,
} from '../../kit';
import { useProjects } from '../projects/current';
import { ApplicationForm } from './ApplicationForm';
import { DeleteApplication } from './DeleteApplication';
import { Devices } from './Devices';
import { Keys } from './Keys';
import { PushServices } from './PushServices';
import { ServedProducts } from './ServedProducts';
import './applications.css';
import { useTexts } from './texts';

export default function ApplicationPage() {
  const t = useTexts();
  const go = useGo();
  const { id } = usePathValues<'id'>();
  const [{ tab }, setAddress] = useAddress({ tab: 'keys' });
  const answer = useOperation('DescribeApplication', { IotAppID: id });
  const { projects } = useProjects();
  const [dialog, setDialog] = useState<'edit' | 'delete'>();
  const application = answer.data?.Application;
  const project = projects.find((each) => each.ProjectId === application?.ProjectId);
  return (
    <Page
      title={application?.AppName ?? id}
      crumbs={[{ title: t('title'), path: '/applications' }, { title: application?.AppName ?? id }]}
      actions={
        application && (
          <>
            <GuardedButton
              operation="DeleteApplication"
              danger
              icon={<icons.DeleteOutlined />}
              aria-label={t('remove', { name: application.AppName })}
              onClick={() => setDialog('delete')}
            />
            <GuardedButton
              operation="ModifyApplication"
              icon={<icons.EditOutlined />}
              onClick={() => setDialog('edit')}
            >
              {t('edit')}
            </GuardedButton>
          </>
        )
      }
    >
      <FailureNote error={answer.error} retry={() => void answer.refetch()} />
      {answer.isPending && <Skeleton active />}
      {application && (
        <>
          <Card size="small">
            <Facts
              facts={[
                { label: t('id'), value: <Id value={application.IotAppID} /> },
                { label: t('project'), value: <bdi>{project?.ProjectName ?? application.ProjectId}</bdi> },
                { label: t('created'), value: exact(Date.parse(application.CreateTime)) },
                application.Description !== '' && {
                  label: t('description'),
                  value: <bdi>{application.Description}</bdi>,
                  wide: true,
                },
              ]}
            />
          </Card>
          <Tabs
            activeKey={tab}
            onChange={(next) => setAddress({ tab: next }, true)}
            destroyOnHidden
            items={[
              { key: 'keys', label: t('tab.keys'), children: <Keys application={application} /> },
              {
                key: 'products',
                label: t('tab.products'),
                children: <ServedProducts application={application} />,
              },
              {
                key: 'devices',
                label: t('tab.devices'),
                children: <Devices application={application} />,
              },
              { key: 'push', label: t('tab.push'), children: <PushServices application={application} /> },
            ]}
          />
          {dialog === 'edit' && <ApplicationForm edited={application} onClose={() => setDialog(undefined)} />}
          {dialog === 'delete' && (
            <DeleteApplication
              application={application}
              onClose={() => setDialog(undefined)}
              onDone={() => go('/applications', { replace: true })}
            />
          )}
        </>
      )}
    </Page>
  );
}
