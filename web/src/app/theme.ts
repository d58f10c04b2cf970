// How the console looks: one accent, neutral greys, dense type, system fonts. Light, dark, or as the system says.
import { theme as algorithms, type ThemeConfig } from 'antd';
import { create } from 'zustand';

export type ThemeChoice = 'light' | 'dark' | 'system';

const KEY = 'yizhan.theme';
const system = window.matchMedia('(prefers-color-scheme: dark)');

function kept(): ThemeChoice {
  const value = localStorage.getItem(KEY);
  return value === 'light' || value === 'dark' ? value : 'system';
}

const isDark = (choice: ThemeChoice) => choice === 'dark' || (choice === 'system' && system.matches);

export const useTheme = create<{ choice: ThemeChoice; dark: boolean }>(() => ({
  choice: kept(),
  dark: isDark(kept()),
}));

/** Shows the console in another theme from now on. */
export function setTheme(choice: ThemeChoice): void {
  if (choice === 'system') localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, choice);
  useTheme.setState({ choice, dark: isDark(choice) });
}

system.addEventListener('change', () => useTheme.setState(({ choice }) => ({ dark: isDark(choice) })));

const fonts =
  "system-ui, -apple-system, 'Segoe UI', 'PingFang SC', 'Hiragino Sans GB', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans SC', sans-serif";
const codeFonts = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Noto Sans Mono CJK SC', monospace";

/** The tokens of the component library; everything else reads them as CSS variables (`--ant-...`). */
export function themeConfig(dark: boolean): ThemeConfig {
  return {
    algorithm: dark ? [algorithms.darkAlgorithm, algorithms.compactAlgorithm] : [algorithms.compactAlgorithm],
    cssVar: { key: 'yizhan' },
    hashed: false,
    token: {
      fontFamily: fonts,
      fontFamilyCode: codeFonts,
      fontSize: 14,
      borderRadius: 6,
      controlHeight: 32,
      colorPrimary: dark ? '#0f8a80' : '#0f766e',
      colorInfo: dark ? '#3b9ea0' : '#0e7490',
      colorSuccess: dark ? '#4ade80' : '#15803d',
      colorWarning: dark ? '#fbbf24' : '#b45309',
      colorError: dark ? '#f87171' : '#b91c1c',
      // Made from the colours above they would be too dark for notes.
      ...(dark
        ? {}
        : {
            colorSuccessBg: '#ecfdf3',
            colorInfoBg: '#ecf8fb',
            colorWarningBg: '#fff8eb',
            colorErrorBg: '#fef2f2',
            colorPrimaryBg: '#e3f3f1',
          }),
      colorLink: dark ? '#5eead4' : '#0f766e',
      colorTextSecondary: dark ? 'rgba(255,255,255,0.72)' : '#4b5563',
      colorTextTertiary: dark ? 'rgba(255,255,255,0.62)' : '#5b6472',
      colorTextDescription: dark ? 'rgba(255,255,255,0.66)' : '#5b6472',
      colorTextPlaceholder: dark ? 'rgba(255,255,255,0.56)' : '#596270',
      colorBgLayout: dark ? '#0e1113' : '#f5f6f7',
      colorBgContainer: dark ? '#16191c' : '#ffffff',
      colorBgElevated: dark ? '#1e2226' : '#ffffff',
    },
    components: {
      Layout: {
        headerBg: dark ? '#16191c' : '#ffffff',
        siderBg: dark ? '#121517' : '#ffffff',
        headerHeight: 48,
        headerPadding: '0 16px',
      },
      Menu: {
        itemHeight: 32,
        itemMarginBlock: 2,
        groupTitleFontSize: 12,
        darkItemBg: '#121517',
        itemSelectedBg: dark ? 'rgba(94,234,212,0.14)' : '#e3f3f1',
        itemSelectedColor: dark ? '#7fe9db' : '#0b5d56',
      },
      Table: {
        headerBg: dark ? '#1b1f23' : '#fafbfb',
        headerSplitColor: 'transparent',
        cellPaddingInlineSM: 12,
      },
      // White on the light red of the dark theme cannot be read.
      Button: { dangerColor: dark ? '#2b0808' : '#ffffff' },
      Tabs: {
        horizontalMargin: '0 0 12px 0',
        itemSelectedColor: dark ? '#5eead4' : '#0b5d56',
        itemHoverColor: dark ? '#7fe9db' : '#0f766e',
        inkBarColor: dark ? '#5eead4' : '#0f766e',
      },
    },
  };
}
