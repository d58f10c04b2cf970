// How the devices get their credentials and their names.
import { useOperation } from '../../api';
import { Alert, Form, InputNumber, PageLink, Radio } from '../../kit';
import { MOST_DEVICES } from './names';
import { NamesFileField } from './NamesFileField';
import { BURN_EACH, BURN_PRODUCT, withBurn, type Plan } from './plan';
import { useTexts } from './texts';

export function NamesStep({
  plan,
  productId,
  onChange,
}: {
  plan: Plan;
  productId: string;
  onChange: (plan: Plan) => void;
}) {
  const t = useTexts();
  return (
    <Form layout="vertical" component="div" className="production-step">
      <Form.Item label={t('burn.label')}>
        <Radio.Group
          vertical
          value={plan.burn}
          onChange={(event) => onChange(withBurn(plan, Number(event.target.value)))}
          options={[
            { value: BURN_EACH, label: <Choice name={t('burn.each')} text={t('burn.eachText')} /> },
            { value: BURN_PRODUCT, label: <Choice name={t('burn.product')} text={t('burn.productText')} /> },
          ]}
        />
      </Form.Item>
      {plan.burn === BURN_PRODUCT && <RegistrationNote productId={productId} />}
      <Form.Item label={t('naming.label')}>
        {plan.burn === BURN_PRODUCT ? (
          t('naming.ofFile')
        ) : (
          <Radio.Group
            value={plan.naming}
            onChange={(event) => onChange({ ...plan, naming: event.target.value as Plan['naming'] })}
            options={[
              { value: 'madeUp', label: t('naming.madeUp') },
              { value: 'file', label: t('naming.file') },
            ]}
          />
        )}
      </Form.Item>
      {plan.naming === 'madeUp' ? (
        <Form.Item label={t('naming.count')} htmlFor="batch-count" help={t('naming.countText')}>
          <InputNumber
            id="batch-count"
            min={1}
            max={MOST_DEVICES}
            precision={0}
            value={plan.count}
            onChange={(value) => onChange({ ...plan, count: value })}
            style={{ width: 160 }}
          />
        </Form.Item>
      ) : (
        <NamesFileField plan={plan} onChange={onChange} />
      )}
    </Form>
  );
}

function Choice({ name, text }: { name: string; text: string }) {
  return (
    <>
      {name}
      <span className="production-choice-text">{text}</span>
    </>
  );
}

/** Devices that fetch their keys find the door shut until the product opens it. */
function RegistrationNote({ productId }: { productId: string }) {
  const t = useTexts();
  const { data } = useOperation('DescribeProductDynamicRegister', { ProductId: productId });
  if (!data || data.RegisterType !== 0) return null;
  return (
    <Alert
      type="warning"
      showIcon
      className="production-note"
      title={t('wizard.noRegistration')}
      description={
        <>
          {t('wizard.noRegistrationText')}{' '}
          <PageLink to={`/products/${productId}`}>{t('wizard.openProduct')}</PageLink>
        </>
      }
    />
  );
}
