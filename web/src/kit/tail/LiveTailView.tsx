// Rows of logs as they happen, with what came before: followed at the end, held while one reads or pauses, narrowed down
// by text, topic, direction and level, payloads as text, JSON or bytes. It says how many come a second and how many it
// could not show, and it stays usable whatever comes.
import { Button, Space } from 'antd';
import { useCallback, useState, useSyncExternalStore } from 'react';

import { Empty } from '../Empty';
import { FailureNote } from '../Failure';
import { PauseCircleOutlined, PlayCircleOutlined } from '../icons';
import { count, perSecond } from '../numbers';
import { Status, type Tone } from '../Status';
import { exact } from '../Time';
import type { LiveTailProps } from './LiveTail';
import { everything, type Decoding, type LogRow, type TailFilter } from './row';
import { DecodingSwitch, TailDetail } from './TailDetail';
import { TailFilters } from './TailFilters';
import { TailList } from './TailList';
import { useTexts } from './texts';
import { useTail, type Tail } from './useTail';
import './tail.css';

export default function LiveTailView(props: LiveTailProps) {
  const t = useTexts();
  const [ownFilter, setOwnFilter] = useState<TailFilter>(everything);
  const filter = props.filter ?? ownFilter;
  const changeOwn = useCallback(
    (change: Partial<TailFilter>) => setOwnFilter((before) => ({ ...before, ...change })),
    [],
  );
  const [paused, setPaused] = useState(false);
  const [reading, setReading] = useState(false);
  const [decoding, setDecoding] = useState<Decoding>('json');
  const [chosen, setChosen] = useState<LogRow>();
  const narrow = useNarrow();
  const following = !paused && !reading;
  const { subscription, history } = props;
  const tail = useTail({ subscription, history, filter, following });
  const { state, past } = tail;
  const goOn = () => {
    document.getSelection()?.removeAllRanges();
    setPaused(false);
    setReading(false);
    tail.show();
  };
  const filtered =
    filter.text !== '' || filter.topic !== '' || filter.direction !== '' || filter.grades.length > 0;
  return (
    <section className="kit-tail" aria-label={t('label')}>
      <div className="kit-tail-bar">
        <TailFilters filter={filter} onChange={props.onFilter ?? changeOwn} offered={props.offered} />
        <DecodingSwitch value={decoding} onChange={setDecoding} />
        <span className="kit-tail-space" />
        {props.extra}
        <Button size="small" onClick={tail.clear}>
          {t('clear')}
        </Button>
        {subscription && (
          <Button
            size="small"
            icon={paused ? <PlayCircleOutlined /> : <PauseCircleOutlined />}
            aria-pressed={paused}
            onClick={() => (paused ? goOn() : setPaused(true))}
          >
            {paused ? t('resume') : t('pause')}
          </Button>
        )}
      </div>
      <FailureNote error={past.error} retry={tail.loadOlder} />
      <div className="kit-tail-body" style={{ height: props.height ?? '60vh' }}>
        {state.rows.length === 0 && state.waiting.length === 0 && !past.loading && !past.more && (
          <div className="kit-tail-nothing">
            {(!filtered && props.empty) || (
              <Empty title={t('empty')}>
                {filtered ? t('emptyFiltered') : subscription && t('emptyLive')}
              </Empty>
            )}
          </div>
        )}
        <TailList
          rows={state.rows}
          narrow={narrow}
          decoding={decoding}
          devices={props.devices ?? false}
          following={following}
          onReading={setReading}
          chosen={chosen}
          onChoose={setChosen}
          top={history && <PastEnd past={past} rows={state.rows.length} onLoad={tail.loadOlder} />}
        />
        {state.waiting.length > 0 && (
          <Button type="primary" size="small" className="kit-tail-newer" onClick={goOn}>
            {t('newer', { count: state.waiting.length })}
          </Button>
        )}
      </div>
      <TailFoot tail={tail} paused={paused} reading={reading} live={subscription !== undefined} />
      {chosen && (
        <TailDetail
          row={chosen}
          decoding={decoding}
          onDecoding={setDecoding}
          onClose={() => setChosen(undefined)}
        />
      )}
    </section>
  );
}

/** What stands before the oldest row. */
function PastEnd({ past, rows, onLoad }: { past: Tail['past']; rows: number; onLoad: () => void }) {
  const t = useTexts();
  if (!past.more && !past.loading)
    return rows > 0 ? <p className="kit-tail-edge kit-faint">{t('beginning')}</p> : null;
  const nothing = rows === 0 && past.since !== undefined;
  return (
    <p className="kit-tail-edge">
      <Button size="small" loading={past.loading} onClick={onLoad}>
        {nothing ? t('olderMore', { time: exact(past.since ?? 0) }) : t('older')}
      </Button>
    </p>
  );
}

/** How it goes: the connection, how much comes, what is missing. */
function TailFoot({
  tail,
  paused,
  reading,
  live,
}: {
  tail: Tail;
  paused: boolean;
  reading: boolean;
  live: boolean;
}) {
  const t = useTexts();
  const { state } = tail;
  const [tone, words] = stateOf(tail, paused, reading, t);
  return (
    <Space wrap size={[16, 4]} className="kit-tail-foot">
      {live && (
        <span aria-live="polite">
          <Status tone={tone}>{words}</Status>
        </span>
      )}
      {live && <span>{t('rate', { rate: perSecond(tail.rate) })}</span>}
      {state.lost > 0 && <Status tone="warn">{t('lost', { number: count(state.lost) })}</Status>}
      {state.passed > 0 && <Status tone="warn">{t('passed', { number: count(state.passed) })}</Status>}
      {tail.gap && <Status tone="warn">{t('gap')}</Status>}
    </Space>
  );
}

function stateOf(
  tail: Tail,
  paused: boolean,
  reading: boolean,
  t: ReturnType<typeof useTexts>,
): [Tone, string] {
  if (tail.refused !== undefined) return ['bad', `${t('refused')}: ${tail.refused}`];
  if (tail.connection === 'lost') return ['warn', t('reconnecting')];
  if (tail.connection === 'connecting') return ['busy', t('connecting')];
  if (paused) return ['off', t('paused')];
  if (reading) return ['off', t('reading')];
  return ['good', t('live')];
}

const narrowQuery = '(max-width: 700px)';

function useNarrow(): boolean {
  return useSyncExternalStore(
    (changed) => {
      const query = window.matchMedia(narrowQuery);
      query.addEventListener('change', changed);
      return () => query.removeEventListener('change', changed);
    },
    () => window.matchMedia(narrowQuery).matches,
  );
}
