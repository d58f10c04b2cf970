// Rates and totals as they come in, once a second through the live connection; the last ten minutes are kept for the
// curve. Where nothing comes live, the numbers of the last answer stand.
import { useState } from 'react';

import { useLive, type LiveEvent } from '../../live';

/** What happened in one second. */
export interface Second {
  time: number;
  devices: number;
  online: number;
  up: number;
  down: number;
  failed: number;
}

const KEPT = 600;

function read(event: LiveEvent): Second | undefined {
  if (event.What !== 'Overview') return undefined;
  const number = (name: string) => Number(event[name] ?? 0);
  return {
    time: event.Time,
    devices: number('Devices'),
    online: number('Online'),
    up: number('UpPerSecond'),
    down: number('DownPerSecond'),
    failed: number('FailedPerSecond'),
  };
}

/** The seconds since the page was opened, oldest first, of one project or of all. */
export function useRates(project: string): Second[] {
  const [kept, setKept] = useState<{ project: string; seconds: Second[] }>({ project, seconds: [] });
  useLive(
    { Kind: 'Overview', ProjectId: project || undefined },
    {
      events: (events) => {
        const found = events.map(read).filter((second) => second !== undefined);
        if (found.length === 0) return;
        setKept((before) => ({
          project,
          seconds: [...(before.project === project ? before.seconds : []), ...found].slice(-KEPT),
        }));
      },
    },
  );
  return kept.project === project ? kept.seconds : [];
}
