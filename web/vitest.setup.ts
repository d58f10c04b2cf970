import './src/texts/i18n';
