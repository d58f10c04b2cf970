// Secrets that the server tells once, with what to do with them.
import { Alert, Facts, Modal, Secret } from '../../kit';
import { useTexts } from './texts';

export interface Told {
  label: string;
  value: string;
}

export function ShownOnce({ title, told, onClose }: { title: string; told: Told[]; onClose: () => void }) {
  const t = useTexts();
  return (
    <Modal
      open
      title={title}
      okText={t('once.kept')}
      onOk={onClose}
      onCancel={onClose}
      mask={{ closable: false }}
      cancelButtonProps={{ hidden: true }}
    >
      <div className="access-once">
        <Alert type="warning" title={t('once.text')} />
        <Facts
          facts={told.map(({ label, value }) => ({
            label,
            value: <Secret value={value} label={label} />,
            wide: true,
          }))}
        />
      </div>
    </Modal>
  );
}
