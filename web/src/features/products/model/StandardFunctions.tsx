// The standard functions of a category, to be added to the draft.
import { useState } from 'react';

import { useOperation } from '../../../api';
import { Button, Drawer, Empty, FailureNote, Select, Skeleton, Space, Table, Tag } from '../../../kit';
import { functionsOf, readModel, withFunctionsOf, type Found, type Model } from './document';
import { useTexts } from './texts';

/** A template's text; `{}` has no functions. */
export function templateOf(text: string): Model {
  const read = readModel(text);
  return 'model' in read ? read.model : {};
}

/** The category without a template. */
const OWN = 1;

export function StandardFunctions({
  category,
  model,
  onAdd,
  onClose,
}: {
  category: number;
  model: Model;
  onAdd: (model: Model, count: number) => void;
  onClose: () => void;
}) {
  const t = useTexts();
  const library = useOperation('GetCategoryList', {});
  const categories = (library.data?.Categories ?? []).filter((each) => each.Functions.length > 0);
  const [chosen, setChosen] = useState(category === OWN ? undefined : category);
  const id = chosen ?? categories[0]?.Id;
  const described = useOperation('DescribeCategory', { Id: id ?? OWN }, { enabled: id !== undefined });
  const template = described.data ? templateOf(described.data.Data.ModelTemplate) : undefined;
  const [picked, setPicked] = useState<string[]>([]);
  const taken = new Set(functionsOf(model).map((each) => each.value.id));
  const rows = template ? functionsOf(template) : [];
  const wanted = picked.filter((each) => !taken.has(each) && rows.some((row) => row.value.id === each));
  return (
    <Drawer
      open
      size={620}
      title={t('standards.title')}
      onClose={onClose}
      footer={
        <Space>
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button
            type="primary"
            disabled={!template || wanted.length === 0}
            onClick={() => template && onAdd(withFunctionsOf(model, template, wanted), wanted.length)}
          >
            {t('standards.add', { count: wanted.length })}
          </Button>
        </Space>
      }
    >
      <p className="kit-faint">{t('standards.text')}</p>
      <Select
        aria-label={t('standards.category')}
        value={id}
        onChange={setChosen}
        showSearch={{ optionFilterProp: 'label' }}
        options={categories.map((each) => ({ value: each.Id, label: each.CategoryName }))}
        style={{ width: '100%', marginBottom: 12 }}
      />
      <FailureNote error={library.error ?? described.error} />
      {described.isPending && <Skeleton active />}
      {template && (
        <Table<Found>
          size="small"
          rowKey={(row) => row.value.id}
          dataSource={rows}
          pagination={false}
          scroll={{ x: 'max-content' }}
          locale={{ emptyText: <Empty title={t('standards.none')} /> }}
          rowSelection={{
            selectedRowKeys: picked.filter((each) => !taken.has(each)),
            onChange: (keys) => setPicked(keys.map(String)),
            getCheckboxProps: (row) => ({
              disabled: taken.has(row.value.id),
              'aria-label': row.value.name,
            }),
          }}
          columns={[
            { title: t('feature.title'), render: (_, row) => <Tag>{t(`feature.${row.feature}`)}</Tag> },
            {
              title: t('name'),
              render: (_, row) => (
                <>
                  <div>{row.value.name}</div>
                  <span className="kit-code kit-faint">{row.value.id}</span>
                </>
              ),
            },
            {
              title: t('source'),
              render: (_, row) =>
                taken.has(row.value.id)
                  ? t('standards.there')
                  : row.value.required
                    ? t('standard.required')
                    : t('standard.optional'),
            },
          ]}
        />
      )}
    </Drawer>
  );
}
