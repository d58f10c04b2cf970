import { useRouterState } from '@tanstack/react-router';
import { Menu, type MenuProps } from 'antd';

import { PageLink } from '../kit/PageLink';
import type { FeaturePage, Section } from './feature';
import { usePages } from './pages';
import { useTexts } from './texts';

const sections: Section[] = ['start', 'devices', 'making', 'insight', 'build', 'administration'];

/** The page of the menu under which a path lies. */
function chosenFor(path: string, pages: FeaturePage[]): string | undefined {
  return pages
    .map((page) => page.path)
    .filter((candidate) => path === candidate || path.startsWith(`${candidate}/`))
    .sort((one, other) => other.length - one.length)[0];
}

export function MainMenu({ onChosen }: { onChosen?: () => void }) {
  const t = useTexts();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const inMenu = usePages().filter((page) => page.menu);
  const groups = sections.map((section) => {
    const entries = inMenu
      .filter((page) => page.menu?.section === section)
      .sort((one, other) => (one.menu?.order ?? 0) - (other.menu?.order ?? 0));
    return { section, entries };
  });
  const items: MenuProps['items'] = groups
    .filter(({ entries }) => entries.length > 0)
    .map(({ section, entries }) => ({
      type: 'group',
      key: section,
      label: t(`section.${section}`),
      children: entries.map((page) => ({
        key: page.path,
        icon: page.menu?.icon,
        label: <PageLink to={page.path}>{page.title()}</PageLink>,
      })),
    }));
  const chosen = chosenFor(path, inMenu);
  return (
    <nav aria-label={t('menu')}>
      <Menu
        mode="inline"
        items={items}
        selectedKeys={chosen ? [chosen] : []}
        onClick={onChosen}
        className="app-menu"
      />
    </nav>
  );
}
