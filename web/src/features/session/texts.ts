import { defineTexts } from '../../texts/define';

export const { useTexts, text } = defineTexts('session', {
  en: { title: 'Sign in', first: 'First start', name: 'Account', password: 'Password', enter: 'Sign in' },
  zh: { title: '登录', first: '首次启动', name: '账号', password: '密码', enter: '登录' },
});
