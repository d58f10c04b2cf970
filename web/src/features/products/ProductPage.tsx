// One product: what it is, and in tabs its thing model, topics, settings and certificates.
import { lazy, Suspense } from 'react';

import { useOperation } from '../../api';
import {
  Button,
  count,
  Empty,
  Facts,
  FailureNote,
  Id,
  Page,
  PageLink,
  Skeleton,
  Status,
  Tabs,
  Tag,
  Time,
  useAddress,
  usePathValues,
} from '../../kit';
import { useProjects } from '../projects/current';
import { isNetType, kindOf, stateOf, THING_MODEL, TONES, type Product } from './choices';
import { ProductActions } from './ProductActions';
import './products.css';
import { useTexts } from './texts';

const ModelTab = lazy(() => import('./model/ModelTab'));
const TopicsTab = lazy(() => import('./topics/TopicsTab'));
const SettingsTab = lazy(() => import('./settings/SettingsTab'));
const CertificatesTab = lazy(() => import('./certificates/CertificatesTab'));

export default function ProductPage() {
  const t = useTexts();
  const { productId } = usePathValues<'productId'>();
  const { data, error, refetch } = useOperation('DescribeStudioProduct', { ProductId: productId });
  const product = data?.Product;
  const crumbs = [{ title: t('title'), path: '/products' }, { title: productId }];
  return (
    <Page
      key={productId}
      title={product?.ProductName ?? productId}
      crumbs={crumbs}
      about={product?.ProductDesc ? <bdi>{product.ProductDesc}</bdi> : undefined}
      actions={product && <ProductActions product={product} />}
    >
      <FailureNote error={error} retry={() => void refetch()} />
      {!product && !error && <Skeleton active />}
      {product && (
        <div className="products-head">
          <Head product={product} />
        </div>
      )}
      {product && <ProductTabs product={product} />}
    </Page>
  );
}

function Head({ product }: { product: Product }) {
  const t = useTexts();
  const { projects } = useProjects();
  const { data } = useOperation('DescribeProductTags', { ProductId: product.ProductId });
  const categories = useOperation('GetCategoryList', {});
  const category = categories.data?.Categories.find((each) => each.Id === product.CategoryId);
  const project = projects.find((each) => each.ProjectId === product.ProjectId);
  const state = stateOf(product);
  return (
    <Facts
      facts={[
        { label: t('id'), value: <Id value={product.ProductId} /> },
        { label: t('state.title'), value: <Status tone={TONES[state]}>{t(`state.${state}`)}</Status> },
        {
          label: t('devices'),
          value: (
            <PageLink to={`/devices?product=${product.ProductId}`}>{count(product.DeviceCount)}</PageLink>
          ),
        },
        { label: t('kind.title'), value: t(`kind.${kindOf(product)}`) },
        {
          label: t('auth.title'),
          value: t(product.EncryptionType === '1' ? 'auth.certificate' : 'auth.key'),
        },
        {
          label: t('protocol.title'),
          value: t(product.DataProtocol === THING_MODEL ? 'protocol.model' : 'protocol.raw'),
        },
        {
          label: t('net.title'),
          value: isNetType(product.NetType) ? t(`net.${product.NetType}`) : product.NetType,
        },
        { label: t('category'), value: category?.CategoryName ?? product.CategoryId },
        {
          label: t('project'),
          value: (
            <PageLink to={`/products?project=${product.ProjectId}`}>
              <bdi>{project?.ProjectName ?? product.ProjectId}</bdi>
            </PageLink>
          ),
        },
        project && { label: t('instance'), value: <Id value={project.InstanceId} /> },
        { label: t('created'), value: <Time at={product.CreateTime * 1000} /> },
        { label: t('changed'), value: <Time at={product.UpdateTime * 1000} /> },
        data !== undefined &&
          data.Tags.length > 0 && {
            label: t('tags'),
            wide: true,
            value: data.Tags.map((tag) => (
              <Tag key={tag.Key}>
                <bdi>
                  {tag.Key}={tag.Value}
                </bdi>
              </Tag>
            )),
          },
      ]}
    />
  );
}

function ProductTabs({ product }: { product: Product }) {
  const t = useTexts();
  const [{ tab }, setAddress] = useAddress({ tab: 'model' });
  const panes = [
    { key: 'model', label: t('tab.model'), children: <Model product={product} /> },
    { key: 'topics', label: t('tab.topics'), children: <TopicsTab product={product} /> },
    { key: 'settings', label: t('tab.settings'), children: <SettingsTab product={product} /> },
    { key: 'certificates', label: t('tab.certificates'), children: <CertificatesTab product={product} /> },
  ];
  return (
    <Tabs
      activeKey={panes.some((pane) => pane.key === tab) ? tab : 'model'}
      onChange={(key) => setAddress({ tab: key }, true)}
      destroyOnHidden
      items={panes.map((pane) => ({
        ...pane,
        children: <Suspense fallback={<Skeleton active />}>{pane.children}</Suspense>,
      }))}
    />
  );
}

function Model({ product }: { product: Product }) {
  const t = useTexts();
  const [, setAddress] = useAddress({ tab: 'model' });
  if (product.DataProtocol === THING_MODEL) return <ModelTab product={product} />;
  return (
    <Empty
      title={t('noModel')}
      action={<Button onClick={() => setAddress({ tab: 'topics' }, true)}>{t('openTopics')}</Button>}
    >
      {t('noModelText')}
    </Empty>
  );
}
