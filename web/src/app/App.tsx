// What surrounds every page: theme and language of the component library, the cache of answers, the session, the routes.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { App as Notices, ConfigProvider } from 'antd';
import en from 'antd/locale/en_US';
import zh from 'antd/locale/zh_CN';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';

import { ApiFailure } from '../api';
import { setNotices } from '../kit/notice';
import { Gate } from './Gate';
import { router } from './router';
import { themeConfig, useTheme } from './theme';

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      // What the server refuses it refuses again; only what did not get there is worth another try.
      retry: (failures, error) =>
        error instanceof ApiFailure && (error.status === 0 || error.status === 503) && failures < 2,
      refetchOnWindowFocus: true,
    },
  },
});

export function App() {
  const { i18n } = useTranslation();
  const dark = useTheme((theme) => theme.dark);
  useEffect(() => {
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  }, [dark]);
  useEffect(() => {
    // The server's sentences and names are in the language in which they were asked for.
    const again = () => void queries.invalidateQueries();
    i18n.on('languageChanged', again);
    return () => i18n.off('languageChanged', again);
  }, [i18n]);
  return (
    <ConfigProvider
      locale={i18n.language === 'zh' ? zh : en}
      theme={themeConfig(dark)}
      button={{ autoInsertSpace: false }}
    >
      <Notices component={false}>
        <NoticeDoor />
        <QueryClientProvider client={queries}>
          <Gate>
            <RouterProvider router={router} />
          </Gate>
        </QueryClientProvider>
      </Notices>
    </ConfigProvider>
  );
}

/** Notices shown from anywhere follow the theme only through the instance that lives here. */
function NoticeDoor() {
  const { message } = Notices.useApp();
  useEffect(() => setNotices(message), [message]);
  return null;
}
