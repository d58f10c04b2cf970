import hooks from 'eslint-plugin-react-hooks';
import typescript from 'typescript-eslint';

// Pages build on the kit; only the kit and the shell know the component library behind it.
const onlyTheKit = {
  patterns: [{ group: ['antd', 'antd/*', '@ant-design/*'], message: 'Import from the kit (src/kit).' }],
};

export default typescript.config(
  { ignores: ['built', 'dist', 'node_modules', 'src/api/schema.d.ts'] },
  ...typescript.configs.recommended,
  hooks.configs.flat.recommended,
  {
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      'no-console': 'error',
    },
  },
  { files: ['src/features/**'], rules: { 'no-restricted-imports': ['error', onlyTheKit] } },
  {
    files: ['tools/**'],
    rules: { 'no-console': 'off' },
    languageOptions: { globals: { process: 'readonly' } },
  },
);
