// Two models beside each other, function by function, and what the new one means for devices and applications in use.
import { useMemo, useState } from 'react';

import type { Answer } from '../../../api';
import { Alert, Collapse, PageLink, Segmented, Status, Tag, TextDiff, type Tone } from '../../../kit';
import { differences } from './difference';
import { readModel, type Model } from './document';
import { useTexts } from './texts';

type Report = Answer<'CheckModelCompatibility'>;

type Effect = 'harmless' | 'callers_refused' | 'devices_refused';
const TONES: Record<Effect, Tone> = { harmless: 'good', callers_refused: 'warn', devices_refused: 'bad' };

function effectOf(text: string): Effect {
  return text === 'callers_refused' || text === 'devices_refused' ? text : 'harmless';
}

const modelOf = (text: string): Model => {
  const read = readModel(text === '' ? '{}' : text);
  return 'model' in read ? read.model : {};
};

/** What differs, by function or in the whole text. */
export function Changes({
  before,
  after,
  labels,
  same,
}: {
  before: string;
  after: string;
  labels: [string, string];
  /** Said where nothing differs. */
  same: string;
}) {
  const t = useTexts();
  const [view, setView] = useState<'functions' | 'text'>('functions');
  const found = useMemo(() => differences(modelOf(before), modelOf(after)), [before, after]);
  if (before === after) return <Alert type="info" showIcon title={same} />;
  return (
    <div className="products-stack">
      <Segmented
        size="small"
        aria-label={t('view')}
        value={view}
        onChange={setView}
        options={[
          { value: 'functions', label: `${t('publish.changes')} (${found.length})` },
          { value: 'text', label: t('publish.whole') },
        ]}
      />
      {view === 'text' && <TextDiff before={before} after={after} labels={labels} />}
      {view === 'functions' && found.length === 0 && (
        <Alert type="info" showIcon title={t('publish.onlyForm')} />
      )}
      {view === 'functions' && found.length > 0 && (
        <Collapse
          size="small"
          defaultActiveKey={found.length <= 3 ? found.map((_, index) => String(index)) : []}
          items={found.map((each, index) => ({
            key: String(index),
            label: (
              <span className="products-bar">
                <Tag color={{ added: 'green', removed: 'red', changed: 'gold' }[each.kind]}>
                  {t(`change.${each.kind}`)}
                </Tag>
                {t(`feature.${each.feature}`)}
                <bdi>{each.name}</bdi>
                <span className="kit-code kit-faint">{each.identifier}</span>
              </span>
            ),
            children: <TextDiff before={each.before} after={each.after} labels={labels} />,
          }))}
        />
      )}
    </div>
  );
}

/** Who is concerned by the change, and how many devices. */
export function Impact({ report, productId }: { report: Report; productId: string }) {
  const t = useTexts();
  const effect = effectOf(report.Effect);
  return (
    <div className="products-stack">
      <Alert
        type={{ good: 'success', warn: 'warning', bad: 'error' }[TONES[effect] as 'good'] as 'success'}
        showIcon
        title={t(`publish.effect.${effect}`)}
        description={t('publish.devices', { count: report.DeviceCount })}
      />
      {report.Changes.length > 0 && (
        <ul className="products-effects">
          {report.Changes.map((change) => (
            <li key={`${change.Feature} ${change.Path} ${change.Kind} ${change.Text}`}>
              <Status tone={TONES[effectOf(change.Effect)]}>{t(`effect.${effectOf(change.Effect)}`)}</Status>
              <span>
                <span className="kit-code">{change.Path}</span> {change.Text}
              </span>
            </li>
          ))}
        </ul>
      )}
      {report.Misfits.map((misfit) => (
        <div key={misfit.Identifier}>
          {t('publish.misfits', { count: misfit.Count, id: misfit.Identifier })}{' '}
          {misfit.DeviceNames.map((name) => (
            <PageLink
              key={name}
              to={`/devices/${productId}/${encodeURIComponent(name)}`}
              className="products-device"
            >
              {name}
            </PageLink>
          ))}
        </div>
      ))}
      {report.Deviations.length > 0 && (
        <div>
          {t('publish.deviations')}
          <ul className="products-effects">
            {report.Deviations.map((each) => (
              <li key={each.Identifier}>
                <Status tone={each.Refused ? 'bad' : 'warn'}>{each.Identifier}</Status>
                <span>{each.Text}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

/** Whether somebody has to say that they know. */
export function isGrave(report: Report): boolean {
  return effectOf(report.Effect) === 'devices_refused' && report.DeviceCount > 0;
}
