// Binding and sharing as the application's back end does it, by its own names for users.
import { useState } from 'react';

import { useChange } from '../../api';
import { Card, FailureNote, Form, GuardedButton, Input, notice, Segmented } from '../../kit';
import type { ChosenDevice } from './Devices';
import type { Application } from './Keys';
import { useTexts } from './texts';

const acts = ['bind', 'unbind', 'share', 'revoke'] as const;
type Act = (typeof acts)[number];

const operations = {
  bind: 'BindUserDevice',
  unbind: 'RevokeBindUserDevice',
  share: 'ShareDeviceToUser',
  revoke: 'RevokeShareDeviceFromUser',
} as const;

interface Values {
  openId: string;
  to?: string;
  family?: string;
}

/** The longest name that a back end may have for a user. */
const LONGEST = 128;

export function ActForUser({ application, device }: { application: Application; device: ChosenDevice }) {
  const t = useTexts();
  const [act, setAct] = useState<Act>('bind');
  const [form] = Form.useForm<Values>();
  const [error, setError] = useState<unknown>();
  const stale = ['GetFamilyDeviceUserList'] as const;
  const bind = useChange('BindUserDevice', stale);
  const unbind = useChange('RevokeBindUserDevice', stale);
  const share = useChange('ShareDeviceToUser', stale);
  const revoke = useChange('RevokeShareDeviceFromUser', stale);
  const sharing = act === 'share' || act === 'revoke';
  const run = ({ openId, to = '', family }: Values): Promise<unknown> => {
    // Any of the application's keys names it.
    const base = { AppKey: application.MiniProgramAppKey, ...device };
    const owned = { ...base, OpenID: openId, FamilyName: family || undefined };
    const shared = { ...base, OwnerOpenID: openId, ToOpenID: to };
    switch (act) {
      case 'bind':
        return bind.mutateAsync(owned);
      case 'unbind':
        return unbind.mutateAsync(owned);
      case 'share':
        return share.mutateAsync(shared);
      case 'revoke':
        return revoke.mutateAsync(shared);
    }
  };
  const submit = async (values: Values) => {
    setError(undefined);
    try {
      await run(values);
      notice.done(t(`act.done.${act}`));
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <Card size="small" title={t('act.title')}>
      <div className="kit-stack">
        <Segmented<Act>
          value={act}
          onChange={(value) => {
            setAct(value);
            setError(undefined);
          }}
          options={acts.map((value) => ({ value, label: t(`act.${value}`) }))}
        />
        <p className="kit-faint">{t('act.about')}</p>
        <Form form={form} layout="vertical" onFinish={(values) => void submit(values)}>
          <Form.Item
            name="openId"
            label={sharing ? t('act.owner') : t('act.openId')}
            rules={[{ required: true }]}
          >
            <Input maxLength={LONGEST} autoComplete="off" />
          </Form.Item>
          {sharing ? (
            <Form.Item name="to" label={t('act.to')} rules={[{ required: true }]}>
              <Input maxLength={LONGEST} autoComplete="off" />
            </Form.Item>
          ) : (
            <Form.Item name="family" label={t('act.family')} extra={t('act.familyText')}>
              <Input maxLength={64} autoComplete="off" />
            </Form.Item>
          )}
          <GuardedButton
            operation={operations[act]}
            type="primary"
            htmlType="submit"
            danger={act === 'unbind' || act === 'revoke'}
            loading={bind.isPending || unbind.isPending || share.isPending || revoke.isPending}
          >
            {t(`act.${act}`)}
          </GuardedButton>
        </Form>
        <FailureNote error={error} />
      </div>
    </Card>
  );
}
