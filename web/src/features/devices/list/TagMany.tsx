import { useState } from 'react';

import { useChange } from '../../../api';
import { count, FailureNote, Form, Input, Modal } from '../../../kit';
import { readTags, type Selection } from '../selection';
import { useTexts } from '../texts';

/** Gives many devices tags, or takes them away. */
export function TagMany({
  selection,
  most,
  onStarted,
  onClose,
}: {
  selection: Selection;
  most: number;
  onStarted: (answer: { Job: { JobId: string } }) => void;
  onClose: () => void;
}) {
  const t = useTexts();
  const [set, setSet] = useState('');
  const [remove, setRemove] = useState('');
  const change = useChange('TagSelectedDevices');
  const Set = readTags(set);
  const Remove = remove
    .split(';')
    .map((key) => key.trim())
    .filter((key) => key !== '');
  const run = () =>
    change.mutate(
      { Selection: selection, Set, Remove, Most: most },
      {
        onSuccess: (answer) => {
          onStarted(answer);
          onClose();
        },
      },
    );
  return (
    <Modal
      open
      title={t('tagMany.title', { number: count(most) })}
      okText={t('tagMany.run')}
      cancelText={t('cancel')}
      okButtonProps={{ disabled: Set.length + Remove.length === 0, loading: change.isPending }}
      onOk={run}
      onCancel={onClose}
    >
      <Form layout="vertical">
        <Form.Item label={t('tagMany.set')} extra={t('tagMany.form')}>
          <Input
            value={set}
            placeholder="room=hall; floor=1"
            aria-label={t('tagMany.set')}
            onChange={(event) => setSet(event.target.value)}
          />
        </Form.Item>
        <Form.Item label={t('tagMany.remove')}>
          <Input
            value={remove}
            placeholder="room; floor"
            aria-label={t('tagMany.remove')}
            onChange={(event) => setRemove(event.target.value)}
          />
        </Form.Item>
      </Form>
      <FailureNote error={change.error} />
    </Modal>
  );
}
