// Filters kept under a name in this browser.
import { useState } from 'react';

import { Button, icons, Input, Popover, Tag } from '../../../kit';
import { NO_FILTER, type Filter } from '../selection';
import { useTexts } from '../texts';

const KEY = 'yizhan.views.devices';
/** Views that are kept. */
const MOST = 20;

interface View {
  name: string;
  state: Filter & { sort: string; down: boolean };
}

function kept(): View[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    const isView = (view: unknown): view is View =>
      typeof view === 'object' && view !== null && 'name' in view && 'state' in view;
    return Array.isArray(found) ? found.filter(isView).slice(0, MOST) : [];
  } catch {
    return [];
  }
}

export function SavedViews({
  filter,
  sort,
  down,
  onChoose,
}: {
  filter: Filter;
  sort: string;
  down: boolean;
  onChoose: (state: View['state']) => void;
}) {
  const t = useTexts();
  const [views, setViews] = useState(kept);
  const [name, setName] = useState('');
  const [open, setOpen] = useState(false);
  const keep = (next: View[]) => {
    setViews(next);
    localStorage.setItem(KEY, JSON.stringify(next));
  };
  const save = () => {
    if (!name.trim()) return;
    const others = views.filter((view) => view.name !== name.trim());
    keep([...others, { name: name.trim(), state: { ...filter, sort, down } }].slice(-MOST));
    setName('');
    setOpen(false);
  };
  const isShown = (view: View) =>
    Object.keys(NO_FILTER).every((key) => view.state[key as keyof Filter] === filter[key as keyof Filter]);
  const filtered = Object.values(filter).some((value) => value !== '');
  if (views.length === 0 && !filtered) return null;
  return (
    <nav className="devices-views" aria-label={t('views.title')}>
      {views.map((view) => (
        <Tag
          key={view.name}
          closable
          color={isShown(view) ? 'processing' : undefined}
          onClose={() => keep(views.filter((each) => each !== view))}
        >
          <button type="button" className="devices-view" onClick={() => onChoose(view.state)}>
            <bdi>{view.name}</bdi>
          </button>
        </Tag>
      ))}
      {filtered && (
        <Popover
          trigger="click"
          open={open}
          onOpenChange={setOpen}
          content={
            <Input.Search
              autoFocus
              aria-label={t('views.name')}
              placeholder={t('views.name')}
              value={name}
              maxLength={40}
              onChange={(event) => setName(event.target.value)}
              enterButton={t('views.save')}
              onSearch={save}
            />
          }
        >
          <Button size="small" type="dashed" icon={<icons.PlusOutlined />}>
            {t('views.add')}
          </Button>
        </Popover>
      )}
      {filtered && (
        <Button
          size="small"
          type="text"
          icon={<icons.CloseOutlined />}
          onClick={() => onChoose({ ...NO_FILTER, sort: 'created', down: true })}
        >
          {t('views.clear')}
        </Button>
      )}
    </nav>
  );
}
