// Makes a batch in three steps: a published product, the names, and a look at what will be made before it is.
import { useState } from 'react';

import { useChange, useOperation } from '../../api';
import { Button, count, Drawer, FailureNote, GuardedButton, Steps, useGo } from '../../kit';
import { addressOf } from './address';
import { CheckStep } from './CheckStep';
import { isReady, NO_PLAN, planned, uploadOf, type Plan } from './plan';
import { NamesStep } from './NamesStep';
import { ProductStep } from './ProductStep';
import { sendFile } from './upload';
import { useTexts } from './texts';

const LAST = 2;

export function NewBatch({ product: given, onClose }: { product: string; onClose: () => void }) {
  const t = useTexts();
  const go = useGo();
  const [step, setStep] = useState(0);
  const [productId, setProductId] = useState(given);
  const [plan, setPlan] = useState<Plan>(NO_PLAN);
  const [sending, setSending] = useState(false);
  const [error, setError] = useState<unknown>();
  const create = useChange('CreateBatchProduction', ['GetBatchProductionsList']);
  const product = useOperation(
    'DescribeStudioProduct',
    { ProductId: productId },
    { enabled: productId !== '' },
  );
  const chosen = productId === '' ? undefined : product.data?.Product;
  const number = planned(plan);

  const make = async () => {
    if (!chosen) return;
    setSending(true);
    setError(undefined);
    try {
      const made = await create.mutateAsync({
        ProjectId: chosen.ProjectId,
        ProductId: chosen.ProductId,
        BurnMethod: plan.burn,
        GenerationMethod: plan.naming === 'file' ? 1 : 0,
        GenerationQRCode: plan.qr ? 1 : 0,
        ...(plan.naming === 'file' ? { UploadUrl: await sendFile(uploadOf(plan)) } : { BatchCnt: number }),
      });
      go(addressOf(made));
    } catch (failure) {
      setError(failure);
    } finally {
      setSending(false);
    }
  };

  const ready = [chosen?.DevStatus === 'released', isReady(plan), true][step] ?? false;
  return (
    <Drawer
      open
      title={t('wizard.title')}
      size={720}
      onClose={onClose}
      footer={
        <div className="production-steps-foot">
          {step > 0 && <Button onClick={() => setStep(step - 1)}>{t('wizard.back')}</Button>}
          {step < LAST ? (
            <Button type="primary" disabled={!ready} onClick={() => setStep(step + 1)}>
              {t('wizard.next')}
            </Button>
          ) : (
            <GuardedButton
              operation="CreateBatchProduction"
              type="primary"
              loading={sending}
              onClick={() => void make()}
            >
              {t('wizard.make', { count: number, number: count(number) })}
            </GuardedButton>
          )}
        </div>
      }
    >
      <Steps
        size="small"
        current={step}
        className="production-steps"
        items={[{ title: t('wizard.product') }, { title: t('wizard.names') }, { title: t('wizard.check') }]}
      />
      {step === 0 && (
        <ProductStep
          productId={productId}
          product={chosen}
          error={productId === '' ? undefined : product.error}
          onChange={setProductId}
        />
      )}
      {step === 1 && <NamesStep plan={plan} productId={productId} onChange={setPlan} />}
      {step === LAST && chosen && <CheckStep plan={plan} product={chosen} onChange={setPlan} />}
      <FailureNote error={error} />
    </Drawer>
  );
}
