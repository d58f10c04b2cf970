// Questions before what cannot be undone. What takes other things with it wants the name typed, and shows what goes.
import { Input, Modal } from 'antd';
import { useState, type ReactNode } from 'react';

import { FailureNote } from './Failure';
import { useTexts } from './texts';

export interface DangerProps {
  open: boolean;
  title: string;
  /** What will happen, and what goes with it. */
  children: ReactNode;
  /** Must be typed first, for what cascades. */
  name?: string;
  action?: string;
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
}

export function Danger({ open, title, children, name, action, onConfirm, onClose }: DangerProps) {
  const t = useTexts();
  const [typed, setTyped] = useState('');
  const [running, setRunning] = useState(false);
  const [error, setError] = useState<unknown>();
  const close = () => {
    setTyped('');
    setError(undefined);
    onClose();
  };
  const confirm = async () => {
    setRunning(true);
    try {
      await onConfirm();
      close();
    } catch (failure) {
      setError(failure);
    } finally {
      setRunning(false);
    }
  };
  return (
    <Modal
      open={open}
      title={title}
      onCancel={close}
      onOk={() => void confirm()}
      okText={action ?? t('delete')}
      cancelText={t('cancel')}
      okButtonProps={{ danger: true, loading: running, disabled: name !== undefined && typed !== name }}
      destroyOnHidden
    >
      {children}
      {name !== undefined && (
        <label className="kit-typed-name">
          {t('typeName', { name })}
          <Input
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            autoFocus
            autoComplete="off"
          />
        </label>
      )}
      <FailureNote error={error} />
    </Modal>
  );
}
