// What can be done with a product as a whole: publish and withdraw, move to another instance, delete.
import { useState } from 'react';

import { useChange, useMay, useOperation } from '../../api';
import {
  Alert,
  Button,
  Danger,
  Dropdown,
  FailureNote,
  Form,
  GuardedButton,
  icons,
  List,
  Modal,
  notice,
  PageLink,
  Select,
  Time,
  useGo,
} from '../../kit';
import { useProjects } from '../projects/current';
import { stateOf, type Product } from './choices';
import { useTexts } from './texts';

const SHOWN = ['DescribeStudioProduct', 'SearchStudioProduct', 'GetProjectList'] as const;

/** What a person can type without copying it. */
const TYPABLE = /^[\p{L}\p{N}\p{P}\p{S}]+( [\p{L}\p{N}\p{P}\p{S}]+)*$/u;

export function ProductActions({ product }: { product: Product }) {
  const t = useTexts();
  const may = useMay();
  const [open, setOpen] = useState<'release' | 'migrate' | 'remove'>();
  const close = () => setOpen(undefined);
  const inDevelopment = stateOf(product) === 'dev';
  return (
    <>
      <Dropdown
        trigger={['click']}
        menu={{
          items: [
            {
              key: 'migrate',
              label: t('migrate.action'),
              icon: <icons.ClusterOutlined />,
              disabled: !may('MigrateProduct'),
              onClick: () => setOpen('migrate'),
            },
            {
              key: 'remove',
              label: t('remove.action'),
              icon: <icons.DeleteOutlined />,
              danger: true,
              disabled: !may('DeleteStudioProduct'),
              onClick: () => setOpen('remove'),
            },
          ],
        }}
      >
        <Button icon={<icons.MoreOutlined />}>{t('more')}</Button>
      </Dropdown>
      <GuardedButton
        operation="ReleaseStudioProduct"
        type={inDevelopment ? 'primary' : 'default'}
        onClick={() => setOpen('release')}
      >
        {inDevelopment ? t('release.publish') : t('release.withdraw')}
      </GuardedButton>
      {open === 'release' && <Release product={product} onClose={close} />}
      {open === 'migrate' && <Migrate product={product} onClose={close} />}
      {open === 'remove' && <Remove product={product} onClose={close} />}
    </>
  );
}

function Release({ product, onClose }: { product: Product; onClose: () => void }) {
  const t = useTexts();
  const change = useChange('ReleaseStudioProduct', SHOWN);
  const name = product.ProductName;
  const publishes = stateOf(product) === 'dev';
  const run = async () => {
    await change.mutateAsync({ ProductId: product.ProductId, DevStatus: publishes ? 'released' : 'dev' });
    notice.done(publishes ? t('release.published', { name }) : t('release.withdrawn', { name }));
    onClose();
  };
  return (
    <Modal
      open
      title={
        <bdi>{publishes ? t('release.publishTitle', { name }) : t('release.withdrawTitle', { name })}</bdi>
      }
      okText={publishes ? t('release.publish') : t('release.withdraw')}
      cancelText={t('release.cancel')}
      confirmLoading={change.isPending}
      onCancel={onClose}
      // What went wrong is shown below.
      onOk={() => void run().catch(() => {})}
    >
      <p>{publishes ? t('release.publishText') : t('release.withdrawText')}</p>
      {publishes ? (
        <p>{t('release.publishBack')}</p>
      ) : (
        product.DeviceCount > 0 && (
          <Alert
            type="warning"
            showIcon
            title={t('release.withdrawDevices', { count: product.DeviceCount })}
          />
        )
      )}
      <FailureNote error={change.error} />
    </Modal>
  );
}

function Remove({ product, onClose }: { product: Product; onClose: () => void }) {
  const t = useTexts();
  const go = useGo();
  const remove = useChange('DeleteStudioProduct', ['SearchStudioProduct', 'GetProjectList']);
  const name = product.ProductName;
  // A name with invisible or very many characters cannot be typed; the id can.
  const typed = TYPABLE.test(name) ? name : product.ProductId;
  if (product.DeviceCount > 0) {
    return (
      <Modal open title={<bdi>{t('remove.title', { name })}</bdi>} onCancel={onClose} footer={null}>
        <p>{t('remove.devices', { count: product.DeviceCount })}</p>
        <PageLink to={`/devices?product=${product.ProductId}`}>{t('remove.open')}</PageLink>
      </Modal>
    );
  }
  return (
    <Danger
      open
      title={t('remove.title', { name })}
      name={typed}
      action={t('remove.action')}
      onClose={onClose}
      onConfirm={async () => {
        await remove.mutateAsync({ ProductId: product.ProductId });
        notice.done(t('remove.done', { name }));
        go('/products', { replace: true });
      }}
    >
      {t('remove.text')}
    </Danger>
  );
}

function Migrate({ product, onClose }: { product: Product; onClose: () => void }) {
  const t = useTexts();
  const { projects, loaded } = useProjects();
  const [target, setTarget] = useState<string>();
  const migrate = useChange('MigrateProduct', [...SHOWN, 'DescribeMigrations', 'DescribeInstances']);
  const history = useOperation('DescribeMigrations', {});
  const here = projects.find((each) => each.ProjectId === product.ProjectId)?.InstanceId;
  const elsewhere = projects.filter((each) => each.InstanceId !== here);
  const earlier = (history.data?.Migrations ?? []).filter((each) => each.ProductId === product.ProductId);
  const run = async () => {
    if (!target) return;
    const { Migration } = await migrate.mutateAsync({ ProductId: product.ProductId, ProjectId: target });
    notice.done(t('migrate.done', { instance: Migration.ToInstanceId, count: Migration.DeviceCount }));
    onClose();
  };
  return (
    <Modal
      open
      title={<bdi>{t('migrate.title', { name: product.ProductName })}</bdi>}
      okText={t('migrate.run')}
      cancelText={t('release.cancel')}
      okButtonProps={{ disabled: !target }}
      confirmLoading={migrate.isPending}
      onCancel={onClose}
      onOk={() => void run().catch(() => {})}
    >
      <p>{t('migrate.text')}</p>
      {loaded && elsewhere.length === 0 ? (
        <Alert
          type="info"
          showIcon
          title={t('migrate.none')}
          description={<PageLink to="/instances">{t('migrate.openInstances')}</PageLink>}
        />
      ) : (
        <Form layout="vertical">
          <Form.Item label={t('migrate.target')} htmlFor="migrate-target">
            <Select
              id="migrate-target"
              value={target}
              onChange={setTarget}
              showSearch={{ optionFilterProp: 'label' }}
              options={elsewhere.map((each) => ({
                value: each.ProjectId,
                label: `${each.ProjectName} · ${each.InstanceId}`,
              }))}
            />
          </Form.Item>
        </Form>
      )}
      {earlier.length > 0 && (
        <List
          size="small"
          header={t('migrate.earlier')}
          dataSource={earlier}
          renderItem={(each) => (
            <List.Item>
              {t('migrate.earlierOne', { from: each.FromInstanceId, to: each.ToInstanceId })}
              <Time at={each.CreateTime * 1000} />
            </List.Item>
          )}
        />
      )}
      <FailureNote error={migrate.error} />
    </Modal>
  );
}
