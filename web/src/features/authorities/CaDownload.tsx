import { useChange, useSession } from '../../api';
import { FailureNote, GuardedButton, icons, saveText } from '../../kit';
import { useTexts } from './texts';

/** Saves the certificate by which devices trust this server. */
export function CaDownload() {
  const t = useTexts();
  const operator = useSession((session) => session.operator);
  const ask = useChange('DescribeServerCertificates');
  return (
    <>
      <GuardedButton
        operation="DescribeServerCertificates"
        because={operator ? undefined : t('own.elsewhere')}
        icon={<icons.DownloadOutlined />}
        loading={ask.isPending}
        onClick={() => ask.mutate({}, { onSuccess: ({ CaPem }) => saveText('ca.pem', CaPem) })}
      >
        {t('own.download')}
      </GuardedButton>
      <FailureNote error={ask.error} />
    </>
  );
}
