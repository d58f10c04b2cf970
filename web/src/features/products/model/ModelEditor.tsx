// The editor of a thing model around its draft: the views, what is wrong, and everything one can do with the draft.
import { useMemo, useState } from 'react';

import type { Answer } from '../../../api';
import { Button, Danger, notice, saveText, useAddress } from '../../../kit';
import { stateOf, type Product } from '../choices';
import { BringModel } from './BringModel';
import { blankFunction, freeIdentifier, withFunction, withoutFunctions, type Model } from './document';
import { DraftNotes } from './DraftNotes';
import { EditorBar } from './EditorBar';
import { Examples, type ExampleOf } from './Examples';
import { FunctionForm, type Edited } from './FunctionForm';
import { FunctionTable } from './FunctionTable';
import { JsonView, ProblemList, UnreadableNote } from './JsonView';
import { useProblems } from './problems';
import { PublishModel } from './PublishModel';
import { StandardFunctions, templateOf } from './StandardFunctions';
import { useTexts } from './texts';
import { useDraft, type Draft } from './useDraft';
import { Versions } from './Versions';

type Definition = Answer<'DescribeModelDefinition'>['Model'];

/** What lies over the editor. */
export type Opened =
  | { what: 'function'; edited: Edited }
  | { what: 'examples'; of?: ExampleOf }
  | { what: 'standards' | 'bring' | 'publish' | 'versions' | 'discard' };

export function ModelEditor({ product, definition }: { product: Product; definition: Definition }) {
  const t = useTexts();
  const productId = product.ProductId;
  const draft = useDraft(productId, definition.ModelDefine);
  const [{ view }, setAddress] = useAddress({ view: 'table' });
  const [opened, setOpened] = useState<Opened>();
  const [place, setPlace] = useState<{ path: string }>();
  const model = 'model' in draft.read ? draft.read.model : undefined;
  const { problems, valid, settled, error } = useProblems(productId, draft.text, model);
  const standard = useMemo(() => {
    const template = templateOf(definition.CategoryModel);
    return Object.keys(template).length > 0 ? template : undefined;
  }, [definition.CategoryModel]);
  const readOnly = stateOf(product) !== 'dev';
  const asJson = view === 'json' || !model;
  return (
    <div className="products-stack">
      <EditorBar
        draft={draft}
        view={asJson ? 'json' : 'table'}
        readOnly={readOnly}
        checked={{ problems, valid, settled }}
        onView={(next) => setAddress({ view: next }, true)}
        onOpen={setOpened}
        onExport={() => saveText(`${productId}.json`, draft.text, 'application/json')}
        onAdd={(feature) =>
          setOpened({
            what: 'function',
            edited: { feature, value: blankFunction(feature, [t('off'), t('on')]) },
          })
        }
      />
      <DraftNotes
        draft={draft}
        readOnly={readOnly}
        error={error}
        onDiscard={() => setOpened({ what: 'discard' })}
      />
      {view !== 'json' && 'unreadable' in draft.read && <UnreadableNote unreadable={draft.read.unreadable} />}
      {asJson ? (
        <>
          <JsonView draft={draft} problems={problems} readOnly={readOnly} place={place} />
          <ProblemList problems={problems} onShow={(path) => setPlace({ path })} />
        </>
      ) : (
        <FunctionTable
          model={model}
          standard={standard}
          problems={problems}
          readOnly={readOnly}
          onEdit={({ feature, index, value }) =>
            setOpened({ what: 'function', edited: { feature, index, value } })
          }
          onCopy={({ feature, value }) =>
            setOpened({
              what: 'function',
              edited: {
                feature,
                value: { ...structuredClone(value), id: freeIdentifier(model, value.id) },
              },
            })
          }
          onRemove={(gone) => draft.put(withoutFunctions(model, gone))}
          onExamples={({ feature, value }) => setOpened({ what: 'examples', of: { feature, id: value.id } })}
          beginnings={
            <div className="products-beginnings">
              <Button onClick={() => setOpened({ what: 'standards' })}>{t('standards.open')}</Button>
              <Button onClick={() => setOpened({ what: 'bring' })}>{t('bring.open')}</Button>
            </div>
          }
        />
      )}
      <Over
        product={product}
        published={definition.ModelDefine}
        draft={draft}
        model={model}
        readOnly={readOnly}
        opened={opened}
        onClose={() => setOpened(undefined)}
      />
    </div>
  );
}

/** Whatever lies over the editor now. */
function Over({
  product,
  published,
  draft,
  model,
  readOnly,
  opened,
  onClose,
}: {
  product: Product;
  published: string;
  draft: Draft;
  model: Model | undefined;
  readOnly: boolean;
  opened: Opened | undefined;
  onClose: () => void;
}) {
  const t = useTexts();
  const productId = product.ProductId;
  const [brought, setBrought] = useState<string>();
  switch (opened?.what) {
    case 'function':
      return (
        model && (
          <FunctionForm
            productId={productId}
            model={model}
            edited={opened.edited}
            readOnly={readOnly}
            onDone={(edited) => {
              draft.put(withFunction(model, edited));
              onClose();
            }}
            onClose={onClose}
          />
        )
      );
    case 'examples':
      return <Examples productId={productId} text={draft.text} of={opened.of} onClose={onClose} />;
    case 'standards':
      return (
        model && (
          <StandardFunctions
            category={product.CategoryId}
            model={model}
            onAdd={(grown, count) => {
              draft.put(grown);
              notice.done(t('standards.added', { count }));
              onClose();
            }}
            onClose={onClose}
          />
        )
      );
    case 'bring':
      return (
        <BringModel
          productId={productId}
          onBring={(text) => {
            draft.putText(text);
            setBrought(text);
            notice.done(t('bring.done'));
            onClose();
          }}
          onClose={onClose}
        />
      );
    case 'publish':
      return (
        <PublishModel
          productId={productId}
          published={published}
          text={draft.text}
          imported={draft.text === brought}
          onClose={onClose}
        />
      );
    case 'versions':
      return (
        <Versions
          productId={productId}
          published={published}
          readOnly={readOnly}
          onTake={(text, number) => {
            draft.putText(text);
            notice.done(t('versions.taken', { number }));
            onClose();
          }}
          onClose={onClose}
        />
      );
    case 'discard':
      return (
        <Danger
          open
          title={t('discardTitle')}
          action={t('discard')}
          onClose={onClose}
          onConfirm={async () => draft.reset()}
        >
          {t('discardText')}
        </Danger>
      );
    case undefined:
      return null;
  }
}
