// The models that a product had: looked at, compared with the one in use, taken into the draft, used again.
import { useState } from 'react';

import { useChange, useOperation, type Answer } from '../../../api';
import {
  Button,
  CodeEditor,
  Danger,
  Drawer,
  FailureNote,
  GuardedButton,
  Modal,
  notice,
  Skeleton,
  Space,
  Status,
  Tag,
  Time,
} from '../../../kit';
import { Changes, Impact } from './Comparison';
import { MODEL_ANSWERS } from './PublishModel';
import { useTexts } from './texts';

type Version = Answer<'GetModelVersionList'>['Versions'][number];

const ORIGINS = ['created', 'changed', 'imported', 'restored'] as const;

export interface VersionsProps {
  productId: string;
  published: string;
  readOnly: boolean;
  onTake: (text: string, version: number) => void;
  onClose: () => void;
}

export function Versions(props: VersionsProps) {
  const t = useTexts();
  const { productId, onClose } = props;
  const list = useOperation('GetModelVersionList', { ProductId: productId });
  const [open, setOpen] = useState<{ version: Version; as: 'view' | 'compare' | 'restore' }>();
  const close = () => setOpen(undefined);
  return (
    <Drawer open size={620} title={t('versions.title')} onClose={onClose}>
      <p className="kit-faint">{t('versions.text')}</p>
      <FailureNote error={list.error} retry={() => void list.refetch()} />
      {list.isPending && <Skeleton active />}
      <ol className="products-versions">
        {(list.data?.Versions ?? []).map((version) => (
          <VersionRow
            key={version.Version}
            version={version}
            onOpen={(as) => setOpen({ version, as })}
            {...props}
          />
        ))}
      </ol>
      {open && open.as !== 'restore' && (
        <VersionModal {...props} version={open.version} compare={open.as === 'compare'} onClose={close} />
      )}
      {open?.as === 'restore' && <Restore {...props} version={open.version} onClose={close} />}
    </Drawer>
  );
}

function VersionRow({
  version,
  readOnly,
  onOpen,
}: VersionsProps & { version: Version; onOpen: (as: 'view' | 'compare' | 'restore') => void }) {
  const t = useTexts();
  const origin = ORIGINS.find((each) => each === version.Origin);
  return (
    <li>
      <div className="products-bar">
        <b>{t('versions.version', { number: version.Version })}</b>
        {version.Current && <Status tone="good">{t('versions.current')}</Status>}
        {origin && <Tag>{t(`versions.origin.${origin}`)}</Tag>}
        <Time at={version.SaveTime * 1000} />
        {version.Account > 0 && (
          <span className="kit-faint">{t('versions.by', { account: String(version.Account) })}</span>
        )}
      </div>
      <div className="kit-faint">
        {version.Removed
          ? t('versions.empty')
          : t('versions.counts', {
              properties: version.PropertyCount,
              events: version.EventCount,
              actions: version.ActionCount,
            })}
      </div>
      <Space wrap size={4}>
        <Button size="small" onClick={() => onOpen('view')}>
          {t('versions.view')}
        </Button>
        {!version.Current && (
          <>
            <Button size="small" onClick={() => onOpen('compare')}>
              {t('versions.compare')}
            </Button>
            <GuardedButton
              operation="RestoreModelVersion"
              size="small"
              because={readOnly ? t('readOnly') : undefined}
              onClick={() => onOpen('restore')}
            >
              {t('versions.restore')}
            </GuardedButton>
          </>
        )}
      </Space>
    </li>
  );
}

function VersionModal({
  productId,
  published,
  readOnly,
  version,
  compare,
  onTake,
  onClose,
}: VersionsProps & { version: Version; compare: boolean }) {
  const t = useTexts();
  const number = version.Version;
  const described = useOperation('DescribeModelVersion', { ProductId: productId, Version: number });
  const text = described.data?.ModelDefine;
  return (
    <Modal
      open
      width={960}
      title={t('versions.version', { number })}
      onCancel={onClose}
      footer={
        <Space>
          <Button onClick={onClose}>{t('close')}</Button>
          <Button
            type="primary"
            disabled={!text || readOnly}
            onClick={() => {
              if (text) onTake(text, number);
            }}
          >
            {t('versions.toDraft')}
          </Button>
        </Space>
      }
    >
      <FailureNote error={described.error} />
      {described.isPending && <Skeleton active />}
      {text !== undefined &&
        (compare ? (
          <Changes
            before={text}
            after={published}
            labels={[t('versions.version', { number }), t('publish.before')]}
            same={t('versions.same')}
          />
        ) : (
          <CodeEditor language="json" label={t('versions.version', { number })} value={text} height="60vh" />
        ))}
    </Modal>
  );
}

function Restore({ productId, version, onClose }: VersionsProps & { version: Version }) {
  const t = useTexts();
  const number = version.Version;
  const report = useOperation('CheckModelCompatibility', { ProductId: productId, Version: number });
  const restore = useChange('RestoreModelVersion', MODEL_ANSWERS);
  return (
    <Danger
      open
      title={t('versions.restoreTitle', { number })}
      action={t('versions.restore')}
      onClose={onClose}
      onConfirm={async () => {
        await restore.mutateAsync({ ProductId: productId, Version: number });
        notice.done(t('versions.restored', { number }));
      }}
    >
      {report.isPending && <Skeleton active />}
      <FailureNote error={report.error} />
      {report.data && <Impact report={report.data} productId={productId} />}
    </Danger>
  );
}
