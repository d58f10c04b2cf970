// Commands of a device with their states: stored, sent, received, then done, failed or expired.
import { useOperation, type Answer } from '../../../api';
import { CodeBlock, Empty, Id, ResourceTable, Status, Time, type Tone } from '../../../kit';
import { useLive } from '../../../live';
import { useTexts } from '../texts';
import { keyOf, type DeviceView } from './device';

type Command = Answer<'DescribeCommands'>['Commands'][number];

const TONES = {
  stored: 'busy',
  sent: 'busy',
  received: 'busy',
  done: 'good',
  failed: 'bad',
  expired: 'warn',
} as const satisfies Record<string, Tone>;
type CommandState = keyof typeof TONES;
const isState = (text: string): text is CommandState => text in TONES;

export function CommandList({ view, limit }: { view: DeviceView; limit: number }) {
  const t = useTexts();
  const { data, error, isPending, refetch } = useOperation(
    'DescribeCommands',
    { ...keyOf(view), Limit: limit },
    {
      // Sooner while something is under way.
      every: (answer) =>
        answer?.Commands.some((it) => !['done', 'failed', 'expired'].includes(it.State)) ? 1_000 : 5_000,
    },
  );
  useLive(
    { Kind: 'Device', ...keyOf(view), What: ['Commands'] },
    { events: () => void refetch({ cancelRefetch: false }) },
  );
  return (
    <ResourceTable<Command>
      id={`device-commands-${limit}`}
      label={t('tab.commands')}
      rows={data?.Commands}
      rowKey={(command) => command.CommandId}
      loading={isPending}
      error={error}
      refresh={() => void refetch()}
      columns={[
        {
          key: 'time',
          title: t('commands.time'),
          fixed: true,
          render: (command) => <Time at={command.CreateTime} />,
        },
        {
          key: 'state',
          title: t('stateTitle'),
          fixed: true,
          render: ({ State }) =>
            isState(State) ? <Status tone={TONES[State]}>{t(`commands.state.${State}`)}</Status> : State,
        },
        {
          key: 'what',
          title: t('commands.what'),
          fixed: true,
          render: (command) => (
            <span className="kit-code devices-payload">
              {command.ActionId ? `${command.ActionId}(${command.Params})` : command.Params}
            </span>
          ),
        },
        {
          key: 'answer',
          title: t('commands.answer'),
          render: (command) => (
            <bdi>
              {[command.Code ?? undefined, command.Status]
                .filter((it) => it !== undefined && it !== '')
                .join(' ')}
            </bdi>
          ),
        },
        {
          key: 'update',
          title: t('commands.updated'),
          extra: true,
          render: (command) => <Time at={command.UpdateTime} />,
        },
        {
          key: 'expire',
          title: t('commands.expires'),
          extra: true,
          render: (command) => <Time at={command.ExpireTime} />,
        },
        {
          key: 'token',
          title: t('commands.token'),
          extra: true,
          render: (command) => <Id value={command.ClientToken} />,
        },
      ]}
      expanded={(command) => (
        <CodeBlock
          text={[pretty(command.Params), pretty(command.Response)].filter(Boolean).join('\n\n')}
          label={t('commands.what')}
        />
      )}
      empty={<Empty title={t('commands.none')}>{t('commands.noneText')}</Empty>}
    />
  );
}

/** JSON over several lines; other text as it is. */
function pretty(text: string): string {
  try {
    return text ? JSON.stringify(JSON.parse(text), undefined, 2) : '';
  } catch {
    return text;
  }
}
