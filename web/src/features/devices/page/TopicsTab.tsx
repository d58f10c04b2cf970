// What the device may use and what it subscribes to now.
import { useOperation } from '../../../api';
import { Empty, FailureNote, Id, PageLink, ResourceTable, Status } from '../../../kit';
import { useTexts } from '../texts';
import type { DeviceView } from './device';

/** What a device may do with a topic. */
const PRIVILEGES = { 1: 'publish', 2: 'subscribe', 3: 'both' } as const;

export default function TopicsTab({ view }: { view: DeviceView }) {
  const t = useTexts();
  const { data, error } = useOperation('ListTopicPolicy', { ProductId: view.ProductId });
  const { Session } = view.state;
  const own = (topic: string) =>
    topic.replaceAll('{productid}', view.ProductId).replaceAll('{devicename}', view.DeviceName);
  const custom = (data?.Topics ?? []).map((topic) => ({ ...topic, TopicName: own(topic.TopicName) }));
  const system = ['property', 'event', 'action'].flatMap((part) => [
    { TopicName: `$thing/up/${part}/${view.ProductId}/${view.DeviceName}`, Privilege: 1 },
    { TopicName: `$thing/down/${part}/${view.ProductId}/${view.DeviceName}`, Privilege: 2 },
  ]);
  return (
    <div className="devices-columns">
      <section>
        <h2 className="devices-subtitle">{t('topics.subscriptions')}</h2>
        {Session && Session.Subscriptions.length > 0 ? (
          <ResourceTable
            id="device-subscriptions"
            label={t('topics.subscriptions')}
            rows={Session.Subscriptions}
            rowKey={(row) => row.Topic}
            columns={[
              {
                key: 'topic',
                title: t('topics.topic'),
                fixed: true,
                render: (row) => <Id value={row.Topic} />,
              },
              { key: 'qos', title: 'QoS', fixed: true, align: 'right', render: (row) => row.Qos },
            ]}
            empty={null}
          />
        ) : (
          <Empty title={t('topics.none')}>{t('topics.noneText')}</Empty>
        )}
        {Session && (
          <p>
            <Status tone={Session.Kept ? 'good' : 'off'}>
              {t(Session.Kept ? 'topics.kept' : 'topics.notKept')}
            </Status>
          </p>
        )}
      </section>
      <section>
        <h2 className="devices-subtitle">{t('topics.allowed')}</h2>
        <FailureNote error={error} />
        <ResourceTable
          id="device-topics"
          label={t('topics.allowed')}
          rows={[...system, ...custom]}
          rowKey={(row) => row.TopicName}
          columns={[
            {
              key: 'topic',
              title: t('topics.topic'),
              fixed: true,
              render: (row) => <Id value={row.TopicName} />,
            },
            {
              key: 'may',
              title: t('topics.may'),
              fixed: true,
              render: ({ Privilege }) => {
                const may = PRIVILEGES[Privilege as keyof typeof PRIVILEGES];
                return may === undefined ? '' : t(`topics.${may}`);
              },
            },
          ]}
          empty={null}
        />
        <PageLink to={`/products/${view.ProductId}?tab=topics`}>{t('topics.open')}</PageLink>
      </section>
    </div>
  );
}
