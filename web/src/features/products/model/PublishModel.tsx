// Puts the draft in use: what differs, whom it concerns, and then the change itself.
import { useState } from 'react';

import { useChange, useOperation } from '../../../api';
import { Checkbox, FailureNote, Modal, notice, Skeleton } from '../../../kit';
import { Changes, Impact, isGrave } from './Comparison';
import { useTexts } from './texts';

/** What is read again after the model changed. */
export const MODEL_ANSWERS = [
  'DescribeModelDefinition',
  'GetModelVersionList',
  'CheckModelCompatibility',
  'DescribeStudioProduct',
] as const;

export function PublishModel({
  productId,
  published,
  text,
  imported,
  onClose,
}: {
  productId: string;
  published: string;
  text: string;
  /** The text is as it was brought, so its origin is noted as such. */
  imported: boolean;
  onClose: () => void;
}) {
  const t = useTexts();
  const report = useOperation('CheckModelCompatibility', { ProductId: productId, ModelSchema: text });
  const modify = useChange('ModifyModelDefinition', MODEL_ANSWERS);
  const bring = useChange('ImportModelDefinition', MODEL_ANSWERS);
  const [sure, setSure] = useState(false);
  const grave = report.data !== undefined && isGrave(report.data);
  const publish = async () => {
    await (imported ? bring : modify).mutateAsync({ ProductId: productId, ModelSchema: text });
    notice.done(t('publish.done'));
    onClose();
  };
  return (
    <Modal
      open
      width={960}
      title={t('publish.title')}
      okText={t('publish.open')}
      cancelText={t('cancel')}
      okButtonProps={{ disabled: !report.data || (grave && !sure), danger: grave }}
      confirmLoading={modify.isPending || bring.isPending}
      onCancel={onClose}
      // What went wrong is shown below.
      onOk={() => void publish().catch(() => {})}
    >
      <div className="products-stack">
        <h3 className="products-heading">{t('publish.impact')}</h3>
        {report.isPending && <Skeleton active />}
        <FailureNote error={report.error} retry={() => void report.refetch()} />
        {report.data && <Impact report={report.data} productId={productId} />}
        <h3 className="products-heading">{t('publish.changes')}</h3>
        <Changes
          before={published}
          after={text}
          labels={[t('publish.before'), t('publish.after')]}
          same={t('publish.nothing')}
        />
        {grave && (
          <Checkbox checked={sure} onChange={(event) => setSure(event.target.checked)}>
            {t('publish.sure')}
          </Checkbox>
        )}
        <FailureNote error={modify.error ?? bring.error} />
      </div>
    </Modal>
  );
}
