// Whether devices may fetch their secrets themselves, and the product secret with which they do.
import { useState } from 'react';

import { useChange, useOperation, type Answer } from '../../../api';
import {
  Facts,
  FailureNote,
  Form,
  GuardedButton,
  InputNumber,
  notice,
  Radio,
  Secret,
  Skeleton,
} from '../../../kit';
import { stateOf, type Product } from '../choices';
import { useTexts } from './texts';

type Rule = Answer<'DescribeProductDynamicRegister'>;

const OFF = 0;
const KNOWN = 1;
const ANY = 2;
const MOST = 1_000_000;
const USUAL = 1_000;

export function DynamicRegistration({ product }: { product: Product }) {
  const t = useTexts();
  const rule = useOperation('DescribeProductDynamicRegister', { ProductId: product.ProductId });
  return (
    <section className="products-card" aria-label={t('registration.title')}>
      <h2 className="products-heading">{t('registration.title')}</h2>
      <p className="kit-faint">{t('registration.about')}</p>
      <FailureNote error={rule.error} retry={() => void rule.refetch()} />
      {rule.isPending && <Skeleton active />}
      {rule.data && <RuleForm product={product} rule={rule.data} />}
    </section>
  );
}

interface Values {
  type: number;
  limit?: number | null;
}

function RuleForm({ product, rule }: { product: Product; rule: Rule }) {
  const t = useTexts();
  const [form] = Form.useForm<Values>();
  const type = Form.useWatch('type', form) ?? rule.RegisterType;
  const [error, setError] = useState<unknown>();
  const modify = useChange('ModifyProductDynamicRegister', ['DescribeProductDynamicRegister']);
  const released = stateOf(product) === 'released';
  const save = async (values: Values) => {
    setError(undefined);
    try {
      await modify.mutateAsync({
        ProductId: product.ProductId,
        RegisterType: values.type,
        RegisterLimit: values.type === ANY ? (values.limit ?? USUAL) : 0,
      });
      notice.done(t('saved'));
    } catch (failure) {
      setError(failure);
    }
  };
  const choices = [
    [OFF, t('registration.off'), t('registration.offText')],
    [KNOWN, t('registration.known'), t('registration.knownText')],
    [ANY, t('registration.any'), t('registration.anyText')],
  ] as const;
  return (
    <Form
      form={form}
      layout="vertical"
      disabled={released}
      onFinish={(values) => void save(values)}
      initialValues={{ type: rule.RegisterType, limit: rule.RegisterLimit || USUAL }}
    >
      <Form.Item name="type" label={t('registration.title')}>
        <Radio.Group className="products-choices">
          {choices.map(([value, title, explanation]) => (
            <Radio key={value} value={value} className="products-choice">
              <b>{title}</b>
              <br />
              <span className="kit-faint">{explanation}</span>
            </Radio>
          ))}
        </Radio.Group>
      </Form.Item>
      {type === ANY && (
        <Form.Item
          name="limit"
          label={t('registration.limit')}
          rules={[
            { required: true, type: 'number', min: 1, max: MOST, message: t('registration.limitRule') },
          ]}
        >
          <InputNumber min={1} max={MOST} style={{ width: 200 }} />
        </Form.Item>
      )}
      <Facts
        facts={[
          {
            label: t('registration.secret'),
            wide: true,
            value: (
              <>
                <Secret value={rule.ProductSecret} label={t('registration.secret')} />
                <div className="kit-faint">{t('registration.secretText')}</div>
              </>
            ),
          },
        ]}
      />
      <FailureNote error={error} />
      <GuardedButton
        operation="ModifyProductDynamicRegister"
        htmlType="submit"
        loading={modify.isPending}
        because={released ? t('registration.released') : undefined}
      >
        {t('save')}
      </GuardedButton>
    </Form>
  );
}
