// The key pairs of an application; secrets are shown on demand.
import type { Answer } from '../../api';
import { Id, ResourceTable, Secret, type Column } from '../../kit';
import { useTexts } from './texts';

export type Application = Answer<'DescribeApplication'>['Application'];

interface Pair {
  platform: string;
  key: string;
  secret: string;
}

export function Keys({ application }: { application: Application }) {
  const t = useTexts();
  const pairs: Pair[] = [
    { platform: t('keys.ios'), key: application.IOSAppKey, secret: application.IOSAppSecret },
    { platform: t('keys.android'), key: application.AndroidAppKey, secret: application.AndroidAppSecret },
    {
      platform: t('keys.mini'),
      key: application.MiniProgramAppKey,
      secret: application.MiniProgramAppSecret,
    },
  ];
  const columns: Column<Pair>[] = [
    { key: 'platform', title: t('keys.platform'), fixed: true, render: (pair) => pair.platform },
    { key: 'key', title: t('keys.key'), fixed: true, render: (pair) => <Id value={pair.key} /> },
    {
      key: 'secret',
      title: t('keys.secret'),
      fixed: true,
      render: (pair) => <Secret value={pair.secret} label={`${t('keys.secret')} ${pair.platform}`} />,
    },
  ];
  return (
    <div className="kit-stack">
      <p className="kit-faint">{t('keys.about')}</p>
      <ResourceTable
        id="application-keys"
        label={t('tab.keys')}
        columns={columns}
        rows={pairs}
        rowKey={(pair) => pair.platform}
        empty={null}
      />
    </div>
  );
}
