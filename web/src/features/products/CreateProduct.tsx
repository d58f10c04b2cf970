// Makes a product in three steps: what kind of thing it is, how its devices reach the platform, what it is called.
import { useMemo, useState } from 'react';

import { useChange, useOperation, type Answer } from '../../api';
import {
  Alert,
  Button,
  Drawer,
  Empty,
  FailureNote,
  Form,
  Input,
  notice,
  Radio,
  Select,
  Space,
  Steps,
  useGo,
} from '../../kit';
import { useProjects } from '../projects/current';
import {
  CERTIFICATE,
  KEY,
  KINDS,
  netTypesOf,
  PASS_THROUGH,
  productType,
  THING_MODEL,
  type Kind,
} from './choices';
import { useTexts } from './texts';

type Category = Answer<'GetCategoryList'>['Categories'][number];

/** The category without a template. */
const OWN = 1;

interface Values {
  kind: Kind;
  net: string;
  auth: string;
  authority?: string;
  protocol: number;
  name: string;
  project: string;
  description?: string;
}

export function CreateProduct({ project, onClose }: { project: string; onClose: () => void }) {
  const t = useTexts();
  const go = useGo();
  const [step, setStep] = useState(0);
  const [category, setCategory] = useState<Category>();
  const [error, setError] = useState<unknown>();
  const [form] = Form.useForm<Values>();
  const create = useChange('CreateStudioProduct', ['SearchStudioProduct', 'GetProjectList']);
  const choose = (chosen: Category) => {
    setCategory(chosen);
    const kind: Kind = chosen.ProductType === productType('gateway') ? 'gateway' : 'device';
    form.setFieldsValue({ kind, net: netTypesOf(kind)[0] });
    setStep(1);
  };
  const next = () => {
    form
      .validateFields(['kind', 'net', 'auth', 'protocol'])
      .then(() => setStep(2))
      // The fields say what is missing.
      .catch(() => {});
  };
  const save = async () => {
    const values = { ...(form.getFieldsValue(true) as Values) };
    try {
      const { Product } = await create.mutateAsync({
        ProductName: values.name.trim(),
        CategoryId: category?.Id ?? OWN,
        ProductType: productType(values.kind),
        EncryptionType: values.auth,
        NetType: values.net,
        DataProtocol: values.protocol,
        ProductDesc: values.description ?? '',
        ProjectId: values.project,
        PrivateCAName: values.auth === CERTIFICATE ? values.authority : undefined,
      });
      notice.done(t('create.done', { name: Product.ProductName }));
      go(`/products/${Product.ProductId}`);
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <Drawer
      open
      onClose={onClose}
      title={t('create.title')}
      size={720}
      footer={
        step > 0 && (
          <Space>
            <Button onClick={() => setStep(step - 1)}>{t('create.back')}</Button>
            {step === 1 && (
              <Button type="primary" onClick={next}>
                {t('create.next')}
              </Button>
            )}
            {step === 2 && (
              <Button type="primary" loading={create.isPending} onClick={form.submit}>
                {t('create.title')}
              </Button>
            )}
          </Space>
        )
      }
    >
      <Steps
        size="small"
        current={step}
        responsive={false}
        className="products-steps"
        items={[{ title: t('create.what') }, { title: t('create.how') }, { title: t('create.called') }]}
      />
      {step === 0 && <CategoryChoice chosen={category?.Id} onChoose={choose} />}
      <Form
        form={form}
        layout="vertical"
        onFinish={() => void save()}
        initialValues={{ kind: 'device', net: 'wifi', auth: KEY, protocol: THING_MODEL }}
        style={step === 0 ? { display: 'none' } : undefined}
      >
        {category && (
          <p>
            {t('category')}: <b>{category.CategoryName}</b>{' '}
            {category.Functions.length > 0 && (
              <span className="kit-faint">{t('create.functions', { count: category.Functions.length })}</span>
            )}
          </p>
        )}
        <div style={step === 1 ? undefined : { display: 'none' }}>
          <HowFields onKind={(kind) => form.setFieldsValue({ net: netTypesOf(kind)[0] })} />
        </div>
        {step === 2 && <NameFields project={project} />}
      </Form>
      <FailureNote error={error} />
    </Drawer>
  );
}

function CategoryChoice({ chosen, onChoose }: { chosen?: number; onChoose: (category: Category) => void }) {
  const t = useTexts();
  const [find, setFind] = useState('');
  const list = useOperation('GetCategoryList', {});
  const groups = useMemo(() => {
    const all = list.data?.Categories ?? [];
    const named = new Map(all.map((category) => [category.Id, category.CategoryName]));
    const wanted = find.trim().toLowerCase();
    const found = all.filter(
      (category) =>
        !category.IsGroup &&
        `${category.CategoryName} ${category.CategoryKey}`.toLowerCase().includes(wanted),
    );
    const parents = [...new Set(found.map((category) => category.ParentId))];
    return parents.map((parent) => ({
      parent,
      name: named.get(parent),
      members: found.filter((category) => category.ParentId === parent),
    }));
  }, [list.data, find]);
  return (
    <>
      <p className="kit-faint">{t('create.categoryText')}</p>
      <Input.Search
        allowClear
        value={find}
        onChange={(event) => setFind(event.target.value)}
        placeholder={t('create.findCategory')}
        aria-label={t('create.findCategory')}
      />
      <FailureNote error={list.error} retry={() => void list.refetch()} />
      {groups.map(({ parent, name, members }) => (
        <section key={parent}>
          <h3 className="products-group">{name ?? t('create.own')}</h3>
          <div className="products-categories">
            {members.map((category) => (
              <button
                key={category.Id}
                type="button"
                aria-pressed={category.Id === chosen}
                className="products-category"
                onClick={() => onChoose(category)}
              >
                <b>{category.CategoryName}</b>
                <span className="kit-faint">
                  {category.Id === OWN
                    ? t('create.ownText')
                    : t('create.functions', { count: category.Functions.length })}
                </span>
                {category.Functions.length > 0 && (
                  <span className="kit-faint products-preview">
                    {category.Functions.slice(0, 4)
                      .map((each) => each.Name)
                      .join(' · ')}
                  </span>
                )}
              </button>
            ))}
          </div>
        </section>
      ))}
      {list.data && groups.length === 0 && (
        <Empty
          title={t('create.noCategory')}
          action={<Button onClick={() => setFind('')}>{t('all')}</Button>}
        />
      )}
    </>
  );
}

/** What a choice means, beside it. */
function Choice({ value, title, text }: { value: string | number; title: string; text: string }) {
  return (
    <Radio value={value} className="products-choice">
      <span>
        <b>{title}</b>
        <br />
        <span className="kit-faint">{text}</span>
      </span>
    </Radio>
  );
}

function HowFields({ onKind }: { onKind: (kind: Kind) => void }) {
  const t = useTexts();
  const kind = Form.useWatch<Kind>('kind') ?? 'device';
  const auth = Form.useWatch<string>('auth');
  const authorities = useOperation('DescribePrivateCAs', {}, { enabled: auth === CERTIFICATE });
  const own = authorities.data?.CAs ?? [];
  return (
    <>
      <Form.Item name="kind" label={t('kind.title')}>
        <Radio.Group className="products-choices" onChange={(event) => onKind(event.target.value as Kind)}>
          {KINDS.map((each) => (
            <Choice key={each} value={each} title={t(`kind.${each}`)} text={t(`kind.${each}Text`)} />
          ))}
        </Radio.Group>
      </Form.Item>
      <Form.Item
        name="net"
        label={kind === 'sub' ? t('net.sub') : t('net.title')}
        rules={[{ required: true }]}
      >
        <Select
          options={netTypesOf(kind).map((value) => ({ value, label: t(`net.${value}`) }))}
          style={{ maxWidth: 320 }}
        />
      </Form.Item>
      <Form.Item name="auth" label={t('auth.title')}>
        <Radio.Group className="products-choices">
          <Choice value={KEY} title={t('auth.key')} text={t('auth.keyText')} />
          <Choice value={CERTIFICATE} title={t('auth.certificate')} text={t('auth.certificateText')} />
        </Radio.Group>
      </Form.Item>
      {auth === CERTIFICATE && own.length > 0 && (
        <Form.Item name="authority" label={t('auth.authority')}>
          <Select
            allowClear
            placeholder={t('auth.installation')}
            options={own.map((authority) => ({ value: authority.CertName, label: authority.CertName }))}
            style={{ maxWidth: 320 }}
          />
        </Form.Item>
      )}
      <Form.Item name="protocol" label={t('protocol.title')}>
        <Radio.Group className="products-choices">
          <Choice value={THING_MODEL} title={t('protocol.model')} text={t('protocol.modelText')} />
          <Choice value={PASS_THROUGH} title={t('protocol.raw')} text={t('protocol.rawText')} />
        </Radio.Group>
      </Form.Item>
      <Alert type="info" showIcon title={t('create.fixed')} />
    </>
  );
}

function NameFields({ project }: { project: string }) {
  const t = useTexts();
  const { projects, loaded } = useProjects();
  const first = project || projects[0]?.ProjectId;
  if (!loaded) return null;
  return (
    <>
      <Form.Item
        name="name"
        label={t('name')}
        rules={[{ required: true, whitespace: true, max: 128, message: t('create.nameRule') }]}
      >
        <Input maxLength={128} autoFocus showCount />
      </Form.Item>
      <Form.Item name="project" label={t('project')} initialValue={first} rules={[{ required: true }]}>
        <Select
          showSearch={{ optionFilterProp: 'label' }}
          options={projects.map((each) => ({ value: each.ProjectId, label: each.ProjectName }))}
        />
      </Form.Item>
      <Form.Item name="description" label={t('description')}>
        <Input.TextArea maxLength={1024} rows={3} />
      </Form.Item>
      <p className="kit-faint">{t('create.then')}</p>
    </>
  );
}
