// Controls that need a right: who lacks it sees them disabled, and reads why.
import { Button, Tooltip, type ButtonProps } from 'antd';

import { useMay, type OperationName } from '../api';
import { useTexts } from './texts';

export interface GuardedButtonProps extends ButtonProps {
  /** The operation that the button leads to. */
  operation: OperationName;
  /** Another reason why it cannot be used now. */
  because?: string;
}

/** A button for an operation. */
export function GuardedButton({ operation, because, disabled, ...button }: GuardedButtonProps) {
  const t = useTexts();
  const allowed = useMay()(operation);
  const reason = allowed ? because : t('mayNot', { operation });
  const shown = <Button {...button} disabled={disabled || reason !== undefined} />;
  return reason === undefined ? shown : <Tooltip title={reason}>{shown}</Tooltip>;
}
