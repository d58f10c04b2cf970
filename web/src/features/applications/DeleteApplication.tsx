import { useChange } from '../../api';
import { Danger, notice } from '../../kit';
import { useTexts } from './texts';

/** Deletes an application with its users and what they bound. */
export function DeleteApplication({
  application: { IotAppID, AppName },
  onClose,
  onDone,
}: {
  application: { IotAppID: string; AppName: string };
  onClose: () => void;
  onDone?: () => void;
}) {
  const t = useTexts();
  const remove = useChange('DeleteApplication', ['DescribeApplications', 'GetProjectList']);
  return (
    <Danger
      open
      title={t('remove', { name: AppName })}
      name={AppName}
      onClose={onClose}
      onConfirm={async () => {
        await remove.mutateAsync({ IotAppID });
        notice.done(t('removed', { name: AppName }));
        onDone?.();
      }}
    >
      {t('removeText')}
    </Danger>
  );
}
