import { EyeInvisibleOutlined, EyeOutlined } from '@ant-design/icons';
import { useState } from 'react';

import { CopyButton } from './Copy';
import { useTexts } from './texts';

/** A secret: dots until one asks for it. */
export function Secret({ value, label }: { value: string; label?: string }) {
  const t = useTexts();
  const [shown, setShown] = useState(false);
  const action = shown ? t('hide') : t('reveal');
  return (
    <span className="kit-id">
      <span className="kit-code">{shown ? value : '••••••••••••'}</span>
      <button
        type="button"
        className="kit-quiet-button"
        aria-label={`${action} ${label ?? ''}`.trim()}
        title={shown ? action : t('secret')}
        onClick={() => setShown(!shown)}
      >
        {shown ? <EyeInvisibleOutlined /> : <EyeOutlined />}
      </button>
      <CopyButton value={value} label={label} />
    </span>
  );
}
