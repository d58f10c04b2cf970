// What can be changed of a product: its name and description, how it is bound, dynamic registration, tags.
import { useState } from 'react';

import { useChange } from '../../../api';
import { FailureNote, Form, GuardedButton, Input, notice, Radio } from '../../../kit';
import type { Product } from '../choices';
import { DynamicRegistration } from './DynamicRegistration';
import { ProductTags } from './ProductTags';
import { useTexts } from './texts';

const TAKEN_OVER = 1;
const REFUSED = 2;

export default function SettingsTab({ product }: { product: Product }) {
  return (
    <div className="products-stack">
      <Basics product={product} />
      <DynamicRegistration product={product} />
      <ProductTags product={product} />
    </div>
  );
}

interface Values {
  name: string;
  description: string;
  binding: number;
}

function Basics({ product }: { product: Product }) {
  const t = useTexts();
  const [error, setError] = useState<unknown>();
  const modify = useChange('ModifyStudioProduct', ['DescribeStudioProduct', 'SearchStudioProduct']);
  const save = async ({ name, description, binding }: Values) => {
    setError(undefined);
    try {
      await modify.mutateAsync({
        ProductId: product.ProductId,
        ProductName: name.trim(),
        ProductDesc: description,
        ModuleId: product.ModuleId,
        BindStrategy: binding,
      });
      notice.done(t('saved'));
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <section className="products-card" aria-label={t('basics')}>
      <h2 className="products-heading">{t('basics')}</h2>
      <Form
        layout="vertical"
        onFinish={(values: Values) => void save(values)}
        initialValues={{
          name: product.ProductName,
          description: product.ProductDesc,
          binding: product.BindStrategy,
        }}
      >
        <Form.Item
          name="name"
          label={t('name')}
          rules={[{ required: true, whitespace: true, max: 128, message: t('nameRule') }]}
        >
          <Input maxLength={128} />
        </Form.Item>
        <Form.Item name="description" label={t('description')}>
          <Input.TextArea maxLength={1024} rows={2} autoSize={{ minRows: 2, maxRows: 6 }} />
        </Form.Item>
        <Form.Item name="binding" label={t('binding')}>
          <Radio.Group className="products-choices">
            <Radio value={TAKEN_OVER} className="products-choice">
              <b>{t('bindingNew')}</b>
              <br />
              <span className="kit-faint">{t('bindingNewText')}</span>
            </Radio>
            <Radio value={REFUSED} className="products-choice">
              <b>{t('bindingOld')}</b>
              <br />
              <span className="kit-faint">{t('bindingOldText')}</span>
            </Radio>
          </Radio.Group>
        </Form.Item>
        <FailureNote error={error} />
        <GuardedButton operation="ModifyStudioProduct" htmlType="submit" loading={modify.isPending}>
          {t('save')}
        </GuardedButton>
      </Form>
    </section>
  );
}
