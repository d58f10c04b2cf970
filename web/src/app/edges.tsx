// Where the console ends: pages that do not exist, and pages that broke.
import { Button, Result } from 'antd';

import { CodeBlock } from '../kit/CodeBlock';
import { PageLink } from '../kit/PageLink';
import { useTexts } from './texts';

export function MissingPage() {
  const t = useTexts();
  return (
    <Result
      status="404"
      title={t('notFound.title')}
      subTitle={t('notFound.text')}
      extra={<PageLink to="/">{t('notFound.home')}</PageLink>}
    />
  );
}

export function BrokenPage({ error }: { error: unknown }) {
  const t = useTexts();
  const details = error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error);
  return (
    <Result
      status="error"
      title={t('broken.title')}
      subTitle={t('broken.text')}
      extra={
        <Button type="primary" onClick={() => location.reload()}>
          {t('broken.again')}
        </Button>
      }
    >
      <CodeBlock text={details} maxHeight={240} />
    </Result>
  );
}
