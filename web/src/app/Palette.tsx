// The command palette: pages, actions, and objects by name or id.
import { Modal } from 'antd';
import { Command } from 'cmdk';
import { useEffect, useState } from 'react';

import { signOut } from '../api';
import { features } from '../features';
import { useGo } from '../kit/address';
import { setLanguage } from '../texts/i18n';
import type { PaletteEntry } from './feature';
import { usePages } from './pages';
import { useTexts } from './texts';
import { setTheme } from './theme';
import { lettersOf } from './useKeys';

const WAIT_MS = 200;

/** What the features find for the text; each says it for itself, and one that fails does not stop the others. */
function useFound(typed: string): { found: PaletteEntry[]; searching: boolean } {
  const [answer, setAnswer] = useState<{ typed: string; found: PaletteEntry[] }>({ typed: '', found: [] });
  useEffect(() => {
    if (typed === '') return undefined;
    const control = new AbortController();
    const timer = setTimeout(() => {
      const searches = features.flatMap((feature) =>
        feature.find ? [feature.find(typed, control.signal)] : [],
      );
      void Promise.allSettled(searches).then((results) => {
        if (control.signal.aborted) return;
        const found = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
        setAnswer({ typed, found });
      });
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [typed]);
  return { found: typed === '' ? [] : answer.found, searching: typed !== '' && answer.typed !== typed };
}

export function Palette({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Modal
      open={open}
      onCancel={onClose}
      footer={null}
      closable={false}
      destroyOnHidden
      width={620}
      className="app-palette"
    >
      <PaletteList onClose={onClose} />
    </Modal>
  );
}

function PaletteList({ onClose }: { onClose: () => void }) {
  const t = useTexts();
  const go = useGo();
  const [typed, setTyped] = useState('');
  const pages = usePages().filter((page) => !page.path.includes('$'));
  const { found, searching } = useFound(typed.trim());
  const letters = new Map([...lettersOf(pages)].map(([letter, page]) => [page.path, letter]));
  const run = (action: () => void) => {
    onClose();
    action();
  };
  const own: PaletteEntry[] = [
    { key: 'light', title: t('palette.light'), run: () => setTheme('light') },
    { key: 'dark', title: t('palette.dark'), run: () => setTheme('dark') },
    { key: 'system', title: t('palette.system'), run: () => setTheme('system') },
    { key: 'zh', title: '简体中文', run: () => setLanguage('zh') },
    { key: 'en', title: 'English', run: () => setLanguage('en') },
    { key: 'out', title: t('palette.signOut'), run: () => void signOut() },
  ];
  const actions = [...features.flatMap((feature) => feature.actions?.() ?? []), ...own];
  return (
    <Command label={t('palette.title')} loop>
      <Command.Input
        autoFocus
        placeholder={t('search')}
        value={typed}
        onValueChange={setTyped}
        maxLength={128}
      />
      <Command.List>
        <Command.Empty>{searching ? t('palette.searching') : t('palette.empty')}</Command.Empty>
        {found.length > 0 && (
          <Command.Group heading={t('palette.found')}>
            {found.map((entry) => (
              // What the server found fits whatever was typed, also where the letters are elsewhere.
              <Item
                key={entry.key}
                entry={entry}
                value={`${typed} ${entry.key}`}
                run={() => run(() => entry.run(go))}
              />
            ))}
          </Command.Group>
        )}
        <Command.Group heading={t('palette.pages')}>
          {pages.map((page) => (
            <Item
              key={page.path}
              entry={{
                key: page.path,
                title: page.title(),
                hint: letters.has(page.path) ? `g ${letters.get(page.path)}` : undefined,
                run: () => {},
              }}
              value={`${page.title()} ${page.path}`}
              run={() => run(() => go(page.path))}
            />
          ))}
        </Command.Group>
        <Command.Group heading={t('palette.actions')}>
          {actions.map((entry) => (
            <Item
              key={entry.key}
              entry={entry}
              value={`${entry.title} ${entry.key}`}
              run={() => run(() => entry.run(go))}
            />
          ))}
        </Command.Group>
      </Command.List>
    </Command>
  );
}

function Item({ entry, value, run }: { entry: PaletteEntry; value: string; run: () => void }) {
  return (
    <Command.Item value={value} onSelect={run}>
      <bdi>{entry.title}</bdi>
      {entry.hint && <span className="kit-faint">{entry.hint}</span>}
    </Command.Item>
  );
}
