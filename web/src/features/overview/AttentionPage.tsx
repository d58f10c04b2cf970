// Everything that should be looked at, and what is ignored.
import { Checkbox, Empty, FailureNote, icons, Page, Skeleton, useAddress } from '../../kit';
import { useAttention } from './attention';
import { AttentionList } from './AttentionList';
import './overview.css';
import { useTexts } from './texts';

export default function AttentionPage() {
  const t = useTexts();
  const [{ ignored }, setAddress] = useAddress({ ignored: false });
  const { data, error, isPending, refetch } = useAttention();
  const items = data?.Items ?? [];
  const hidden = items.filter((item) => item.Ignored);
  const shown = items.filter((item) => ignored || !item.Ignored);
  return (
    <Page title={t('attention.page')} about={t('attention.about')}>
      <FailureNote error={error} retry={() => void refetch()} />
      {hidden.length > 0 && (
        <Checkbox checked={ignored} onChange={(event) => setAddress({ ignored: event.target.checked })}>
          {t('attention.hidden', { number: hidden.length })}
        </Checkbox>
      )}
      {isPending && <Skeleton active />}
      {shown.length > 0 && <AttentionList items={shown} />}
      {data && shown.length === 0 && (
        <Empty
          title={
            <>
              <icons.CheckCircleOutlined /> {t('attention.noneTitle')}
            </>
          }
        >
          {t('attention.none')}
        </Empty>
      )}
    </Page>
  );
}
