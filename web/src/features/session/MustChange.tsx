// Whoever comes with a password that somebody else chose chooses another one before anything else.
import { Alert } from '../../kit';
import { ChangePassword } from './OwnAccountPage';
import './session.css';
import { useTexts } from './texts';

export default function MustChange() {
  const t = useTexts();
  return (
    <main className="session-way-in">
      <div className="session-card">
        <h1>{t('change.title')}</h1>
        <Alert type="info" title={t('change.must')} className="session-note" />
        <ChangePassword />
      </div>
    </main>
  );
}
