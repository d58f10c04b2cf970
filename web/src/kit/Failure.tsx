// A refusal or failure as a person needs it: what happened, in the server's words, with what support will ask for.
import { Alert, Button } from 'antd';
import type { ReactNode } from 'react';

import { ApiFailure, UNREACHABLE } from '../api';
import { copyText } from './Copy';
import { text, useTexts } from './texts';

/** The sentence of an error. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof ApiFailure)) return String(error);
  if (error.code === UNREACHABLE) return text('failure.unreachable');
  return error.message || error.code;
}

/** Shows an error, if there is one, with a way to try again. */
export function FailureNote({
  error,
  retry,
  extra,
}: {
  error: unknown;
  retry?: () => void;
  extra?: ReactNode;
}) {
  const t = useTexts();
  if (error === null || error === undefined) return null;
  const failure = error instanceof ApiFailure ? error : undefined;
  const details = failure && [failure.code, failure.requestId].filter(Boolean).join(' · ');
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      className="kit-failure"
      title={sentenceOf(error)}
      description={
        <>
          {details && (
            <button
              type="button"
              className="kit-quiet-button kit-code"
              title={t('failure.details')}
              onClick={() => void copyText(`${details} · ${failure.message} · ${location.pathname}`)}
            >
              {details}
            </button>
          )}
          {extra}
        </>
      }
      action={
        retry && (
          <Button size="small" onClick={retry}>
            {t('retry')}
          </Button>
        )
      }
    />
  );
}
