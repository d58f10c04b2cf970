// What the factory is given: the file and the pictures, once the batch is done.
import { useOperation } from '../../api';
import { Alert, Button, Card, CopyButton, FailureNote, here, icons, saveFrom } from '../../kit';
import { DONE, type BatchState } from './batches';
import { reasonOf } from './reasons';
import { useTexts } from './texts';

/** The code with which a batch without QR codes answers. */
const WITHOUT_CODES = 'FailedOperation';

export function ResultCard({
  state,
  productId,
  batchId,
}: {
  state: BatchState;
  productId: string;
  batchId: string;
}) {
  const t = useTexts();
  const done = state.Status >= DONE;
  const pictures = useOperation(
    'CreateBatchQRCodesUrl',
    { ProductId: productId, BatchProductionId: batchId },
    { enabled: done },
  );
  const withoutCodes = pictures.error?.code === WITHOUT_CODES;
  return (
    <>
      {state.LastFailedReason !== '' && (
        <Alert
          type="warning"
          showIcon
          title={t('result.failed')}
          description={reasonOf(state.LastFailedReason, t)}
        />
      )}
      <Card size="small" title={t('result.title')}>
        {!done && <p className="kit-faint kit-lead">{t('result.waiting')}</p>}
        {done && (
          <div className="production-result">
            <div className="production-result-part">
              <span>
                <Button
                  type="primary"
                  icon={<icons.DownloadOutlined />}
                  onClick={() => saveFrom(here(state.DownloadUrl))}
                >
                  {t('result.csv')}
                </Button>
                <CopyButton value={state.DownloadUrl} label={t('result.copyLink')} />
              </span>
              <span className="kit-faint">{t('result.csvText')}</span>
            </div>
            <div className="production-result-part">
              {withoutCodes ? (
                <span className="kit-faint">{t('result.noQr')}</span>
              ) : (
                <>
                  <Button
                    icon={<icons.QrcodeOutlined />}
                    loading={pictures.isPending}
                    disabled={!pictures.data}
                    onClick={() => pictures.data && saveFrom(here(pictures.data.Url))}
                  >
                    {t('result.qr')}
                  </Button>
                  <span className="kit-faint">{t('result.qrText')}</span>
                </>
              )}
            </div>
          </div>
        )}
        {!withoutCodes && <FailureNote error={pictures.error} />}
      </Card>
    </>
  );
}
