// Users, keys, policies, and the answer to "may this one do that".
import { useSession } from '../../api';
import { Card, Page, Tabs, useAddress } from '../../kit';
import './access.css';
import { Explain } from './Explain';
import { Keys } from './Keys';
import { Policies } from './Policies';
import { useTexts } from './texts';
import { Users } from './Users';

export default function AccessPage() {
  const t = useTexts();
  const [{ tab }, setAddress] = useAddress({ tab: 'users' });
  const account = useSession((session) => session.account);
  return (
    <Page title={t('title')} about={t('about')}>
      <Tabs
        activeKey={tab}
        onChange={(key) => setAddress({ tab: key }, true)}
        destroyOnHidden
        items={[
          { key: 'users', label: t('users.title'), children: <Users /> },
          { key: 'policies', label: t('policies.title'), children: <Policies /> },
          {
            key: 'keys',
            label: t('keys.own'),
            children: (
              <Card size="small">
                <p className="kit-faint">{t('keys.ownText')}</p>
                <Keys uin={Number(account?.Uin ?? 0)} />
              </Card>
            ),
          },
          { key: 'explain', label: t('explain.title'), children: <Explain /> },
        ]}
      />
    </Page>
  );
}
