// The frame around all pages: menu at the left (a drawer where there is no room), palette, language, theme and account
// on top.
import { MenuOutlined, SearchOutlined } from '@ant-design/icons';
import { Outlet } from '@tanstack/react-router';
import { Alert, Button, Drawer, Grid, Layout, Spin } from 'antd';
import { lazy, Suspense, useState } from 'react';

import { features } from '../features';
import { useLiveState } from '../live';
import { AccountMenu, LanguageSwitch, ThemeSwitch } from './Choices';
import { MainMenu } from './MainMenu';
import { NewerServer } from './NewerServer';
import { usePages } from './pages';
import { Palette } from './Palette';
import { useTexts } from './texts';
import { useKeys } from './useKeys';

const barParts = features
  .flatMap((feature) => (feature.bar ? [{ id: feature.id, ...feature.bar }] : []))
  .sort((one, other) => one.order - other.order)
  .map(({ id, load }) => ({ id, Part: lazy(load) }));

const sideParts = features.flatMap(({ id, side }) => (side ? [{ id, Part: lazy(side.load) }] : []));

export function Frame() {
  const t = useTexts();
  const wide = Grid.useBreakpoint().lg ?? true;
  const [menuOpen, setMenuOpen] = useState(false);
  const [paletteOpen, setPaletteOpen] = useState(false);
  const lost = useLiveState((live) => live.state === 'lost');
  const pages = usePages();
  useKeys(pages, () => setPaletteOpen(true));
  return (
    <Layout className="app-frame">
      <a className="app-skip" href="#content">
        {t('skip')}
      </a>
      {wide && (
        <Layout.Sider width={208} className="app-sider">
          <Brand />
          <SideParts />
          <MainMenu />
        </Layout.Sider>
      )}
      {!wide && (
        <Drawer
          open={menuOpen}
          onClose={() => setMenuOpen(false)}
          placement="left"
          size={240}
          title={<Brand />}
          styles={{ body: { padding: 0 } }}
        >
          <SideParts />
          <MainMenu onChosen={() => setMenuOpen(false)} />
        </Drawer>
      )}
      <Layout>
        <Layout.Header className="app-header">
          {!wide && (
            <Button
              type="text"
              icon={<MenuOutlined />}
              aria-label={t('openMenu')}
              onClick={() => setMenuOpen(true)}
            />
          )}
          <Button
            className="app-search"
            icon={<SearchOutlined />}
            aria-label={t('search')}
            onClick={() => setPaletteOpen(true)}
          >
            {wide && (
              <>
                <span className="app-search-text">{t('search')}</span>
                <kbd>Ctrl K</kbd>
              </>
            )}
          </Button>
          <div className="app-header-end">
            {barParts.map(({ id, Part }) => (
              <Suspense key={id} fallback={null}>
                <Part />
              </Suspense>
            ))}
            <LanguageSwitch />
            <ThemeSwitch />
            <AccountMenu />
          </div>
        </Layout.Header>
        {lost && <Alert banner type="warning" title={t('lost')} />}
        <NewerServer />
        <Layout.Content id="content" className="app-content" role="main">
          <Suspense fallback={<Spin className="app-page-wait" />}>
            {pages.some((page) => page.menu) ? <Outlet /> : <p>{t('noPages')}</p>}
          </Suspense>
        </Layout.Content>
      </Layout>
      <Palette open={paletteOpen} onClose={() => setPaletteOpen(false)} />
    </Layout>
  );
}

function SideParts() {
  return sideParts.map(({ id, Part }) => (
    <Suspense key={id} fallback={null}>
      <Part />
    </Suspense>
  ));
}

function Brand() {
  const t = useTexts();
  return (
    <div className="app-brand">
      <img src="/icon.svg" alt="" width={24} height={24} />
      <span>{t('name')}</span>
    </div>
  );
}
