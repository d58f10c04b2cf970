// The products of the account or of one project: found by name, id or tag, and made here.
import { useMay, useOperation, type Answer, type Request } from '../../api';
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
  Select,
  Status,
  Tag,
  Time,
  useAddress,
  type Column,
} from '../../kit';
import { useProjectId, useProjects } from '../projects/current';
import { isNetType, kindOf, readSearch, stateOf, STATES, TONES } from './choices';
import { CreateProduct } from './CreateProduct';
import './products.css';
import { useTexts } from './texts';

type Product = Answer<'SearchStudioProduct'>['Products'][number];

/** The list by the search; an id that no product has may still be a name. */
function useFound(find: string, project: string, state: string, page: number, size: number) {
  const search = readSearch(find);
  const common: Request<'SearchStudioProduct'> = {
    ProjectId: project || undefined,
    DevStatus: state || undefined,
  };
  const id = search.by === 'name' ? search.id : undefined;
  const byId = useOperation(
    'SearchStudioProduct',
    { ...common, ProductId: id, Limit: 1 },
    { enabled: id !== undefined },
  );
  const wanted: Request<'SearchStudioProduct'> = {
    ...common,
    ProductName: search.by === 'name' ? search.name : undefined,
    Filters: search.by === 'tag' ? [{ Name: `tag:${search.key}`, Values: [search.value] }] : undefined,
    Offset: (page - 1) * size,
    Limit: size,
  };
  const others = useOperation('SearchStudioProduct', wanted, { keep: true });
  return id !== undefined && byId.data && byId.data.Total > 0 ? byId : others;
}

export default function ProductsPage() {
  const t = useTexts();
  const may = useMay();
  const [{ find, page, size, state, project, make }, setAddress] = useAddress({
    find: '',
    page: 1,
    size: 20,
    state: '',
    project: '',
    make: false,
  });
  const chosen = useProjectId();
  const { projects } = useProjects();
  const inProject = project || chosen;
  const list = useFound(find, inProject, state, page, size);
  const nameOf = (id: string) => projects.find((each) => each.ProjectId === id)?.ProjectName ?? id;
  const columns: Column<Product>[] = [
    {
      key: 'name',
      title: t('name'),
      fixed: true,
      render: (product) => (
        <PageLink to={`/products/${product.ProductId}`}>
          <bdi className="products-name">{product.ProductName}</bdi>
        </PageLink>
      ),
    },
    { key: 'id', title: t('id'), render: (product) => <Id value={product.ProductId} /> },
    {
      key: 'state',
      title: t('state.title'),
      render: (product) => <Status tone={TONES[stateOf(product)]}>{t(`state.${stateOf(product)}`)}</Status>,
    },
    { key: 'kind', title: t('kind.title'), render: (product) => t(`kind.${kindOf(product)}`) },
    {
      key: 'auth',
      title: t('auth.title'),
      render: (product) => t(product.EncryptionType === '1' ? 'auth.certificate' : 'auth.key'),
    },
    {
      key: 'protocol',
      title: t('protocol.title'),
      extra: true,
      render: (product) => t(product.DataProtocol === 1 ? 'protocol.model' : 'protocol.raw'),
    },
    {
      key: 'net',
      title: t('net.title'),
      extra: true,
      render: ({ NetType }) => (isNetType(NetType) ? t(`net.${NetType}`) : NetType),
    },
    {
      key: 'devices',
      title: t('devices'),
      align: 'right',
      render: (product) => (
        <PageLink to={`/devices?product=${product.ProductId}`}>{count(product.DeviceCount)}</PageLink>
      ),
    },
    {
      key: 'project',
      title: t('project'),
      extra: inProject !== '',
      render: (product) => <bdi className="products-name">{nameOf(product.ProjectId)}</bdi>,
    },
    {
      key: 'description',
      title: t('description'),
      extra: true,
      render: (product) => <bdi>{product.ProductDesc}</bdi>,
    },
    { key: 'created', title: t('created'), render: (product) => <Time at={product.CreateTime * 1000} /> },
  ];
  const newOne = (
    <GuardedButton
      operation="CreateStudioProduct"
      type="primary"
      icon={<icons.PlusOutlined />}
      onClick={() => setAddress({ make: true })}
    >
      {t('create.title')}
    </GuardedButton>
  );
  return (
    <Page title={t('title')} about={t('about')} actions={newOne}>
      <ResourceTable
        id="products"
        label={t('title')}
        columns={columns}
        rows={list.data?.Products}
        rowKey={(product) => product.ProductId}
        loading={list.isPending}
        error={list.error}
        refresh={() => void list.refetch()}
        filters={
          <>
            <Input.Search
              key={find}
              allowClear
              placeholder={t('find')}
              aria-label={t('find')}
              defaultValue={find}
              onSearch={(value) => setAddress({ find: value, page: 1 })}
              style={{ maxWidth: 320 }}
            />
            <Select
              aria-label={t('state.title')}
              value={state}
              onChange={(value) => setAddress({ state: value, page: 1 })}
              options={[
                { value: '', label: t('state.all') },
                ...STATES.map((each) => ({ value: each, label: t(`state.${each}`) })),
              ]}
              style={{ minWidth: 130 }}
            />
            {project && (
              <Tag closable onClose={() => setAddress({ project: '', page: 1 })}>
                {t('project')} <bdi>{nameOf(project)}</bdi>
              </Tag>
            )}
          </>
        }
        paging={{
          total: list.data?.Total ?? 0,
          page,
          size,
          onChange: (next, nextSize) => setAddress({ page: next, size: nextSize }, true),
        }}
        empty={
          find || state ? (
            <Empty title={t('nothingFound')}>{t('nothingFoundText')}</Empty>
          ) : (
            <Empty title={t('emptyTitle')} action={may('CreateStudioProduct') && newOne}>
              {t('emptyText')}
            </Empty>
          )
        }
      />
      {make && <CreateProduct project={inProject} onClose={() => setAddress({ make: false })} />}
    </Page>
  );
}
