// One user: the way in, the rights, the keys.
import { useState } from 'react';

import { useChange, type Request } from '../../api';
import { Danger, Drawer, Facts, GuardedButton, Id, notice, Space, Status, Time } from '../../kit';
import { Keys } from './Keys';
import { ShownOnce } from './ShownOnce';
import { useTexts } from './texts';
import { UserPolicies } from './UserPolicies';
import type { User } from './Users';

export function UserDrawer({ user, onClose }: { user: User; onClose: () => void }) {
  const t = useTexts();
  const [password, setPassword] = useState<string>();
  const [deleting, setDeleting] = useState(false);
  const change = useChange('UpdateUser', ['ListUsers']);
  const remove = useChange('DeleteUser', ['ListUsers']);
  const update = async (request: Omit<Request<'UpdateUser'>, 'Name'>) => {
    try {
      const answer = await change.mutateAsync({ Name: user.Name, ...request });
      if (answer.Password) setPassword(answer.Password);
      else notice.done(t('users.changed'));
    } catch (failure) {
      notice.failed(failure instanceof Error ? failure.message : String(failure));
    }
  };
  const has = user.ConsoleLogin === 1;
  return (
    <Drawer open onClose={onClose} size={640} title={<bdi>{user.Name}</bdi>}>
      <Facts
        facts={[
          { label: t('users.number'), value: <Id value={String(user.Uin)} /> },
          {
            label: t('users.state'),
            value: user.Enabled ? (
              <Status tone="good">{t('users.enabled')}</Status>
            ) : (
              <Status tone="off">{t('users.disabled')}</Status>
            ),
          },
          { label: t('users.loginName'), value: has ? <Id value={user.LoginName} /> : t('users.noLogin') },
          { label: t('users.factor'), value: user.SecondFactor ? t('users.on') : t('users.off') },
          {
            label: t('users.last'),
            value: user.LastLoginTime > 0 ? <Time at={user.LastLoginTime * 1_000} /> : t('users.never'),
          },
          { label: t('users.from'), value: user.LastLoginFrom },
          { label: t('users.remark'), value: <bdi>{user.Remark}</bdi>, wide: true },
        ]}
      />
      <Space wrap className="access-section">
        <GuardedButton operation="UpdateUser" onClick={() => void update({ Enabled: !user.Enabled })}>
          {user.Enabled ? t('users.disable') : t('users.enable')}
        </GuardedButton>
        <GuardedButton operation="UpdateUser" onClick={() => void update({ ConsoleLogin: true })}>
          {has ? t('users.newPassword') : t('users.giveLogin')}
        </GuardedButton>
        {has && (
          <GuardedButton operation="UpdateUser" onClick={() => void update({ ConsoleLogin: false })}>
            {t('users.takeLogin')}
          </GuardedButton>
        )}
        {user.SecondFactor && (
          <GuardedButton operation="UpdateUser" onClick={() => void update({ ResetSecondFactor: true })}>
            {t('users.resetFactor')}
          </GuardedButton>
        )}
        <GuardedButton operation="DeleteUser" danger onClick={() => setDeleting(true)}>
          {t('users.delete')}
        </GuardedButton>
      </Space>
      <h2 className="access-section">{t('users.policies')}</h2>
      <UserPolicies uin={user.Uin} />
      <h2 className="access-section">{t('keys.title')}</h2>
      <Keys uin={user.Uin} />
      {password !== undefined && (
        <ShownOnce
          title={t('users.once')}
          told={[{ label: t('users.password'), value: password }]}
          onClose={() => setPassword(undefined)}
        />
      )}
      <Danger
        open={deleting}
        title={t('users.deleteTitle', { name: user.Name })}
        name={user.Name}
        onClose={() => setDeleting(false)}
        onConfirm={async () => {
          await remove.mutateAsync({ Name: user.Name, Force: true });
          onClose();
        }}
      >
        {t('users.deleteText')}
      </Danger>
    </Drawer>
  );
}
