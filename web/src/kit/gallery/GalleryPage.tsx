// Every house component in use: for those who build pages, and to be looked at in both languages and themes after a
// change of the kit. A new component has its place here.
import { Card } from 'antd';
import type { ComponentType } from 'react';

import { Page } from '../Page';
import { Charts, Numbers } from './charts';
import { Choosing, Codes, ModelForms, QrCodes } from './inputs';
import { Buttons, Failures, Tables, Voids } from './lists';
import { FactLists, Ids, Meters, Statuses, Times } from './words';
import { useTexts } from './texts';
import './gallery.css';

const groups = [
  ['status', Statuses],
  ['times', Times],
  ['ids', Ids],
  ['facts', FactLists],
  ['meters', Meters],
  ['numbers', Numbers],
  ['charts', Charts],
  ['buttons', Buttons],
  ['failures', Failures],
  ['empty', Voids],
  ['table', Tables],
  ['code', Codes],
  ['choose', Choosing],
  ['model', ModelForms],
  ['qr', QrCodes],
] as const satisfies readonly (readonly [string, ComponentType])[];

export default function GalleryPage() {
  const t = useTexts();
  return (
    <Page title={t('title')} about={t('about')}>
      {groups.map(([group, Shown]) => (
        <Card key={group} size="small" title={t(`group.${group}`)} id={group}>
          <Shown />
        </Card>
      ))}
    </Page>
  );
}
