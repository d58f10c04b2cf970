// A device of a served product: its binding code, who uses it, and what a back end does for its users.
import { useOperation, type Answer } from '../../api';
import {
  Card,
  DeviceSelect,
  Empty,
  FailureNote,
  Select,
  Spin,
  Status,
  Table,
  useAddress,
  type TableProps,
} from '../../kit';
import { ActForUser } from './ActForUser';
import { BindingCode } from './BindingCode';
import { productsIn } from './binding';
import type { Application } from './Keys';
import { useTexts } from './texts';

/** The codes with which a device that nobody has bound is answered. */
const notBound = /DeviceNotBound|DeviceNotBind/;

export interface ChosenDevice {
  ProductId: string;
  DeviceName: string;
}

export function Devices({ application }: { application: Application }) {
  const t = useTexts();
  const ids = productsIn(application.Products);
  const [{ product, device }, setAddress] = useAddress({ product: '', device: '' });
  const productId = ids.includes(product) ? product : (ids[0] ?? '');
  if (ids.length === 0) return <Empty title={t('device.noProducts')} />;
  const chosen: ChosenDevice = { ProductId: productId, DeviceName: device };
  return (
    <div className="kit-stack">
      <div className="kit-line">
        <Select
          value={productId}
          onChange={(value) => setAddress({ product: value, device: '' })}
          options={ids.map((id) => ({ value: id, label: <ProductName id={id} /> }))}
          aria-label={t('device.product')}
          style={{ flex: '1 1 200px', maxWidth: 320 }}
        />
        <DeviceSelect
          product={productId}
          value={device || undefined}
          onChange={(value) => setAddress({ device: value })}
          style={{ flex: '1 1 200px', maxWidth: 320 }}
        />
      </div>
      {device === '' ? (
        <Empty title={t('device.choose')}>{t('device.intro')}</Empty>
      ) : (
        <div className="applications-columns" key={`${productId}/${device}`}>
          <BindingCode device={chosen} />
          <Users device={chosen} />
          <ActForUser application={application} device={chosen} />
        </div>
      )}
    </div>
  );
}

function ProductName({ id }: { id: string }) {
  const { data } = useOperation('DescribeStudioProduct', { ProductId: id });
  return <bdi>{data?.Product.ProductName ?? id}</bdi>;
}

type User = Answer<'GetFamilyDeviceUserList'>['UserList'][number];

function Users({ device }: { device: ChosenDevice }) {
  const t = useTexts();
  const list = useOperation('GetFamilyDeviceUserList', { ...device });
  const nobody = list.error !== null && notBound.test(list.error.code);
  const columns: TableProps<User>['columns'] = [
    { title: t('users.user'), render: (_, user) => <bdi className="kit-code">{user.UserId}</bdi> },
    {
      title: t('users.role'),
      render: (_, { Role }) => (
        <Status tone={Role === 1 ? 'good' : 'plain'}>{t(Role === 1 ? 'users.owner' : 'users.other')}</Status>
      ),
    },
    { title: t('users.family'), render: (_, user) => <bdi>{user.FamilyName ?? user.FamilyId}</bdi> },
  ];
  return (
    <Card size="small" title={t('users.title')}>
      {list.isPending && <Spin />}
      {nobody && <p className="kit-faint">{t('users.notBound')}</p>}
      {!nobody && <FailureNote error={list.error} />}
      {list.data && !nobody && (
        <Table<User>
          size="small"
          rowKey="UserId"
          columns={columns}
          dataSource={list.data.UserList}
          scroll={{ x: 'max-content' }}
          pagination={{ hideOnSinglePage: true, size: 'small' }}
        />
      )}
    </Card>
  );
}
