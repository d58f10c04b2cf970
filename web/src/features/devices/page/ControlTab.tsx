// Setting properties: a form made from the model, with the present values beside it, and the commands that came of it with
// their states as they change.
import { useState } from 'react';

import { useChange } from '../../../api';
import {
  Button,
  checkValues,
  Empty,
  FailureNote,
  GuardedButton,
  mayControl,
  ModelForm,
  notice,
  Space,
  type Values,
} from '../../../kit';
import { useTexts } from '../texts';
import { CommandList } from './CommandList';
import { keyOf, type DeviceView } from './device';
import { useLastValues } from './model';

export default function ControlTab({ view }: { view: DeviceView }) {
  const t = useTexts();
  const { values } = useLastValues(view);
  const [chosen, setChosen] = useState<Values>({});
  const control = useChange('ControlDeviceData', ['DescribeCommands']);
  const fields = view.model?.properties.filter(mayControl) ?? [];
  if (view.model && fields.length === 0) {
    return <Empty title={t('control.nothing')}>{t('control.nothingText')}</Empty>;
  }
  const present = Object.fromEntries(Object.entries(values).map(([id, reported]) => [id, reported.Value]));
  const count = Object.keys(chosen).length;
  const fits = count > 0 && checkValues(fields, chosen, {}).length === 0;
  const send = () =>
    control.mutate(
      { ...keyOf(view), Data: JSON.stringify(chosen) },
      {
        onSuccess: (answer) => {
          const sent = (JSON.parse(answer.Result || '{}') as { Sent?: number }).Sent === 1;
          if (sent) notice.done(t('control.sent'));
          else notice.told(t('control.waits'));
          setChosen({});
        },
      },
    );
  return (
    <div className="devices-columns">
      <section>
        <p className="kit-faint">{t('control.about')}</p>
        <ModelForm
          label={t('tab.control')}
          fields={fields}
          value={chosen}
          onChange={setChosen}
          present={present}
        />
        <FailureNote error={control.error} />
        <Space className="devices-send">
          <GuardedButton
            type="primary"
            operation="ControlDeviceData"
            disabled={!fits}
            loading={control.isPending}
            onClick={send}
          >
            {t('control.send', { count })}
          </GuardedButton>
          <Button disabled={count === 0} onClick={() => setChosen({})}>
            {t('control.clear')}
          </Button>
        </Space>
      </section>
      <section>
        <h2 className="devices-subtitle">{t('commands.newest')}</h2>
        <CommandList view={view} limit={10} />
      </section>
    </div>
  );
}
