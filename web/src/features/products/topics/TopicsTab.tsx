// The topics of a product: its own, which are made here, and those of the platform with what they are for.
import { useState } from 'react';

import { useChange, useMay, useOperation, type Answer } from '../../../api';
import {
  Danger,
  Empty,
  FailureNote,
  GuardedButton,
  icons,
  Id,
  notice,
  ResourceTable,
  Space,
  type Column,
} from '../../../kit';
import type { Product } from '../choices';
import { grouped, isSystem, type Group } from './systemTopics';
import { TopicForm } from './TopicForm';
import { useTexts } from './texts';

export type Topic = Answer<'ListTopicPolicy'>['Topics'][number];

const RIGHTS = { 1: 'publish', 2: 'subscribe', 3: 'both' } as const;

/** What devices may do with a topic, in one word. */
export function rightOf(privilege: number): (typeof RIGHTS)[keyof typeof RIGHTS] {
  return RIGHTS[privilege as keyof typeof RIGHTS] ?? 'both';
}

export default function TopicsTab({ product }: { product: Product }) {
  const t = useTexts();
  const may = useMay();
  const list = useOperation('ListTopicPolicy', { ProductId: product.ProductId });
  const [edited, setEdited] = useState<Topic | 'new'>();
  const [removed, setRemoved] = useState<Topic>();
  const remove = useChange('DeleteTopicPolicy', ['ListTopicPolicy']);
  const own = list.data?.Topics.filter((topic) => !isSystem(topic.TopicName));
  const columns: Column<Topic>[] = [
    { key: 'topic', title: t('topic'), fixed: true, render: (topic) => <Id value={topic.TopicName} /> },
    {
      key: 'rights',
      title: t('rights'),
      fixed: true,
      render: (topic) => t(`right.${rightOf(topic.Privilege)}`),
    },
    {
      key: 'actions',
      title: t('actions'),
      fixed: true,
      render: (topic) => (
        <Space>
          <GuardedButton operation="ModifyTopicPolicy" size="small" onClick={() => setEdited(topic)}>
            {t('edit')}
          </GuardedButton>
          <GuardedButton
            operation="DeleteTopicPolicy"
            size="small"
            danger
            icon={<icons.DeleteOutlined />}
            aria-label={t('removeAction', { topic: topic.TopicName })}
            onClick={() => setRemoved(topic)}
          />
        </Space>
      ),
    },
  ];
  const add = (
    <GuardedButton
      operation="CreateTopicPolicy"
      icon={<icons.PlusOutlined />}
      onClick={() => setEdited('new')}
    >
      {t('create')}
    </GuardedButton>
  );
  return (
    <div className="products-stack">
      <div className="products-bar">
        <div>
          <h2 className="products-heading">{t('custom')}</h2>
          <span className="kit-faint">{t('customText').replace('$DEVICE', '${deviceName}')}</span>
        </div>
        <div className="products-bar-end">{add}</div>
      </div>
      <ResourceTable
        id="topics"
        label={t('custom')}
        columns={columns}
        rows={own}
        rowKey={(topic) => topic.TopicName}
        loading={list.isPending}
        error={list.error}
        empty={
          <Empty title={t('emptyTitle')} action={may('CreateTopicPolicy') && add}>
            {t('emptyText')}
          </Empty>
        }
      />
      <div>
        <h2 className="products-heading">{t('system')}</h2>
        <span className="kit-faint">{t('systemText')}</span>
      </div>
      {grouped(list.data?.Topics.filter((topic) => isSystem(topic.TopicName)) ?? []).map((group) => (
        <SystemGroup key={group.group} {...group} />
      ))}
      <FailureNote error={remove.error} />
      {edited && <TopicForm product={product} edited={edited} onClose={() => setEdited(undefined)} />}
      <Danger
        open={removed !== undefined}
        title={t('remove', { topic: removed?.TopicName ?? '' })}
        onClose={() => setRemoved(undefined)}
        onConfirm={async () => {
          if (!removed) return;
          await remove.mutateAsync({ ProductId: product.ProductId, TopicName: removed.TopicName });
          notice.done(t('removed'));
        }}
      >
        {t('removeText')}
      </Danger>
    </div>
  );
}

function SystemGroup({ group, topics }: { group: Group; topics: Topic[] }) {
  const t = useTexts();
  return (
    <section className="products-system">
      <div>
        <b>{t(`group.${group}`)}</b>
        <div className="kit-faint">{t(`groupText.${group}`)}</div>
      </div>
      <ul>
        {topics.map((topic) => (
          <li key={topic.TopicName}>
            <span className="products-right">{t(`right.${rightOf(topic.Privilege)}`)}</span>
            <Id value={topic.TopicName} />
          </li>
        ))}
      </ul>
    </section>
  );
}
