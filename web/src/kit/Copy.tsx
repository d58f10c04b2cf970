import { CheckOutlined, CopyOutlined } from '@ant-design/icons';
import { useEffect, useState, type ReactNode } from 'react';

import { useTexts } from './texts';

/** Puts text into the clipboard, also where the page was not loaded over TLS and the browser has no clipboard for it. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const field = document.createElement('textarea');
  field.value = text;
  field.style.position = 'fixed';
  field.style.opacity = '0';
  document.body.append(field);
  field.select();
  document.execCommand('copy');
  field.remove();
}

const SHOWN_MS = 1_500;

/** A small button that copies. */
export function CopyButton({ value, label }: { value: string; label?: string }) {
  const t = useTexts();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <button
      type="button"
      className="kit-quiet-button"
      aria-label={copied ? t('copied') : `${t('copy')} ${label ?? ''}`.trim()}
      title={copied ? t('copied') : t('copy')}
      onClick={(event) => {
        event.stopPropagation();
        void copyText(value).then(() => setCopied(true));
      }}
    >
      {copied ? <CheckOutlined /> : <CopyOutlined />}
    </button>
  );
}

/** An id, in type that tells letters apart, with a button that copies it. */
export function Id({ value, children }: { value: string; children?: ReactNode }) {
  return (
    <span className="kit-id">
      <bdi className="kit-code">{children ?? value}</bdi>
      <CopyButton value={value} label={value} />
    </span>
  );
}
