// The frame of the pages about the server: they are one subject, so they stand as tabs beside each other.
import type { ReactNode } from 'react';

import { Page, Tabs, useGo } from '../../kit';
import { useTexts } from './texts';

type Part = 'status' | 'configuration' | 'certificates' | 'backups' | 'storage' | 'counters' | 'about';

const parts: Part[] = ['status', 'configuration', 'certificates', 'backups', 'storage', 'counters', 'about'];

const pathOf = (part: Part) => (part === 'status' ? '/system' : `/system/${part}`);

export function SystemPage({
  part,
  about,
  actions,
  children,
}: {
  part: Part;
  about: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  const t = useTexts();
  const go = useGo();
  return (
    <Page title={t(`${part}.title`)} about={about} actions={actions}>
      <Tabs
        aria-label={t('tabs')}
        activeKey={part}
        onChange={(chosen) => go(pathOf(chosen as Part))}
        items={parts.map((each) => ({
          key: each,
          label: each === 'status' ? t('status.tab') : t(`${each}.title`),
          children: each === part ? <div className="kit-page">{children}</div> : undefined,
        }))}
      />
    </Page>
  );
}
