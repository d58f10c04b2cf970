// The tags of a product, edited together.
import { useState } from 'react';

import { useChange, useOperation, type Answer } from '../../../api';
import { Button, FailureNote, GuardedButton, icons, Input, notice } from '../../../kit';
import type { Product } from '../choices';
import { useTexts } from './texts';

type TagItem = Answer<'DescribeProductTags'>['Tags'][number];

const MOST = 20;

export function ProductTags({ product }: { product: Product }) {
  const t = useTexts();
  const kept = useOperation('DescribeProductTags', { ProductId: product.ProductId });
  return (
    <section className="products-card" aria-label={t('tags.title')}>
      <h2 className="products-heading">{t('tags.title')}</h2>
      <p className="kit-faint">{t('tags.about')}</p>
      <FailureNote error={kept.error} retry={() => void kept.refetch()} />
      {kept.data && <TagRows product={product} kept={kept.data.Tags} />}
    </section>
  );
}

function TagRows({ product, kept }: { product: Product; kept: TagItem[] }) {
  const t = useTexts();
  const [tags, setTags] = useState(kept);
  const modify = useChange('ModifyProductTags', ['DescribeProductTags', 'SearchStudioProduct']);
  const put = (index: number, change: Partial<TagItem>) =>
    setTags(tags.map((tag, at) => (at === index ? { ...tag, ...change } : tag)));
  const given = tags.filter((tag) => tag.Key.trim() !== '');
  const twice = new Set(given.map((tag) => tag.Key.trim())).size < given.length;
  const save = async () => {
    const wanted = given.map((tag) => ({ Key: tag.Key.trim(), Value: tag.Value.trim() }));
    await modify.mutateAsync({ ProductId: product.ProductId, Tags: wanted });
    setTags(wanted);
    notice.done(t('saved'));
  };
  return (
    <>
      {tags.map((tag, index) => (
        <div key={index} className="products-row">
          <Input
            value={tag.Key}
            maxLength={64}
            placeholder={t('tags.key')}
            aria-label={t('tags.key')}
            onChange={(event) => put(index, { Key: event.target.value })}
          />
          <Input
            value={tag.Value}
            maxLength={256}
            placeholder={t('tags.value')}
            aria-label={t('tags.value')}
            onChange={(event) => put(index, { Value: event.target.value })}
          />
          <Button
            icon={<icons.DeleteOutlined />}
            aria-label={t('tags.remove', { key: tag.Key })}
            onClick={() => setTags(tags.filter((_, at) => at !== index))}
          />
        </div>
      ))}
      {twice && <p role="alert">{t('tags.twice')}</p>}
      <FailureNote error={modify.error} />
      <div className="products-bar">
        <Button
          icon={<icons.PlusOutlined />}
          disabled={tags.length >= MOST}
          onClick={() => setTags([...tags, { Key: '', Value: '' }])}
        >
          {t('tags.add')}
        </Button>
        <GuardedButton
          operation="ModifyProductTags"
          disabled={twice}
          loading={modify.isPending}
          // What went wrong is shown above.
          onClick={() => void save().catch(() => {})}
        >
          {t('save')}
        </GuardedButton>
      </div>
    </>
  );
}
