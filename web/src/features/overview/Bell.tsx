// The bell in the top bar: how much there is to look at, and the most urgent of it.
import { useState } from 'react';

import { useMay } from '../../api';
import { Badge, Button, icons, PageLink, Popover, Status } from '../../kit';
import { toneOf, useAttention } from './attention';
import './overview.css';
import { useTexts } from './texts';

const SHOWN = 6;

export default function Bell() {
  const t = useTexts();
  const may = useMay()('DescribeAttention');
  const [open, setOpen] = useState(false);
  const { data } = useAttention(may);
  if (!may) return null;
  const items = (data?.Items ?? []).filter((item) => !item.Ignored);
  const urgent = items.filter((item) => item.Severity !== 'notice').length;
  const label = items.length > 0 ? t('attention.bell', { number: items.length }) : t('attention.bellNone');
  return (
    <Popover
      trigger="click"
      placement="bottomRight"
      open={open}
      onOpenChange={setOpen}
      title={t('attention.title')}
      content={
        <div className="attention-bell">
          {items.length === 0 && <p className="kit-faint">{t('attention.none')}</p>}
          <ul>
            {items.slice(0, SHOWN).map((item) => (
              <li key={item.Id}>
                <Status tone={toneOf[item.Severity]}>{t(`attention.${item.Severity}`)}</Status>{' '}
                <bdi>{item.Cause}</bdi>
              </li>
            ))}
          </ul>
          <PageLink to="/attention">{t('attention.showAll', { number: items.length })}</PageLink>
        </div>
      }
    >
      <Badge count={urgent} size="small" offset={[-6, 6]} color="#b91c1c">
        <Button type="text" icon={<icons.WarningOutlined />} aria-label={label} title={label} />
      </Badge>
    </Popover>
  );
}
