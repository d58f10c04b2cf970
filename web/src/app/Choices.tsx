// What each person chooses: language, theme, to leave.
import { BulbOutlined, TranslationOutlined, UserOutlined } from '@ant-design/icons';
import { Button, Dropdown } from 'antd';
import { useTranslation } from 'react-i18next';

import { signOut, useSession } from '../api';
import { useGo } from '../kit/address';
import { pages } from './pages';
import { useTexts } from './texts';
import { setLanguage, type Language } from '../texts/i18n';
import { setTheme, useTheme, type ThemeChoice } from './theme';

const languages: { key: Language; label: string }[] = [
  { key: 'zh', label: '简体中文' },
  { key: 'en', label: 'English' },
];

export function LanguageSwitch() {
  const t = useTexts();
  const { i18n } = useTranslation();
  return (
    <Dropdown
      trigger={['click']}
      menu={{
        items: languages,
        selectedKeys: [i18n.language],
        onClick: ({ key }) => setLanguage(key as Language),
      }}
    >
      <Button type="text" icon={<TranslationOutlined />} aria-label={t('language')} title={t('language')} />
    </Dropdown>
  );
}

const themes: ThemeChoice[] = ['light', 'dark', 'system'];

export function ThemeSwitch() {
  const t = useTexts();
  const choice = useTheme((theme) => theme.choice);
  const items = themes.map((key) => ({ key, label: t(`theme.${key}`) }));
  return (
    <Dropdown
      trigger={['click']}
      menu={{ items, selectedKeys: [choice], onClick: ({ key }) => setTheme(key as ThemeChoice) }}
    >
      <Button type="text" icon={<BulbOutlined />} aria-label={t('theme.label')} title={t('theme.label')} />
    </Dropdown>
  );
}

/** Where one's own password and sessions are. */
const OWN_PAGE = '/account';

export function AccountMenu() {
  const t = useTexts();
  const go = useGo();
  const name = useSession((session) => session.account?.Name ?? '');
  const own = pages.find((page) => page.path === OWN_PAGE);
  const items = [
    ...(own ? [{ key: OWN_PAGE, label: own.title() }] : []),
    { key: 'out', label: t('signOut') },
  ];
  const choose = (key: string) => (key === 'out' ? void signOut() : go(key));
  return (
    <Dropdown trigger={['click']} menu={{ items, onClick: ({ key }) => choose(key) }}>
      <Button
        type="text"
        icon={<UserOutlined />}
        aria-label={t('account', { name })}
        title={t('account', { name })}
      />
    </Dropdown>
  );
}
