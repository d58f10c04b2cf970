// Messages for the functions of the draft, ready to be sent: topic and payload of both directions.
import { useState } from 'react';

import {
  CodeBlock,
  Drawer,
  Empty,
  Form,
  Id,
  Input,
  readModel,
  Select,
  Tag,
  type ThingModel,
} from '../../../kit';
import type { Feature } from './document';
import {
  examplesOfAction,
  examplesOfAll,
  examplesOfEvent,
  examplesOfProperty,
  type Example,
  type Occasion,
} from './examples';
import { useTexts } from './texts';

/** Of which function the examples are. */
export interface ExampleOf {
  feature: Feature;
  id: string;
}

const ALL = 'all';

function examplesOf(model: ThingModel, chosen: string, occasion: Occasion): Example[] {
  if (chosen === ALL) return model.properties.length > 0 ? examplesOfAll(model, occasion) : [];
  const [feature, id] = chosen.split(' ');
  const isIt = (each: { id: string }) => each.id === id;
  const property = feature === 'property' ? model.properties.find(isIt) : undefined;
  if (property) return examplesOfProperty(property, occasion);
  const event = feature === 'event' ? model.events.find(isIt) : undefined;
  if (event) return examplesOfEvent(event, occasion);
  const action = feature === 'action' ? model.actions.find(isIt) : undefined;
  return action ? examplesOfAction(action, occasion) : [];
}

export function Examples({
  productId,
  text,
  of,
  onClose,
}: {
  productId: string;
  text: string;
  of?: ExampleOf;
  onClose: () => void;
}) {
  const t = useTexts();
  const [chosen, setChosen] = useState(of ? `${of.feature} ${of.id}` : ALL);
  const [device, setDevice] = useState('');
  const [now] = useState(() => Date.now());
  const model = readModel(text);
  const deviceName = device.trim() || '${deviceName}';
  const shown = examplesOf(model, chosen, { productId, deviceName, now });
  const group = (feature: Feature, members: readonly { id: string; name: string }[]) => ({
    label: t(`feature.${feature}`),
    options: members.map((each) => ({
      value: `${feature} ${each.id}`,
      label: each.name === each.id ? each.id : `${each.name} · ${each.id}`,
    })),
  });
  return (
    <Drawer open size={640} title={t('examples.title')} onClose={onClose}>
      <Form layout="vertical" className="products-pair">
        <Form.Item label={t('examples.what')} htmlFor="examples-of">
          <Select
            id="examples-of"
            value={chosen}
            onChange={setChosen}
            showSearch={{ optionFilterProp: 'label' }}
            options={[
              { value: ALL, label: t('examples.all') },
              group('property', model.properties),
              group('event', model.events),
              group('action', model.actions),
            ]}
          />
        </Form.Item>
        <Form.Item label={t('examples.device')} htmlFor="examples-device">
          <Input
            id="examples-device"
            value={device}
            maxLength={48}
            className="kit-code"
            placeholder="${deviceName}"
            onChange={(event) => setDevice(event.target.value)}
          />
        </Form.Item>
      </Form>
      {shown.length === 0 && <Empty title={t('examples.none')} />}
      <div className="products-stack">
        {shown.map((example) => (
          <section key={example.method} aria-label={t(`examples.kind.${example.method}`)}>
            <div className="products-bar">
              <b>{t(`examples.kind.${example.method}`)}</b>
              <Tag>{t(`examples.${example.direction}`)}</Tag>
            </div>
            <div className="products-topic">
              <span className="kit-faint">{t('examples.topic')}</span> <Id value={example.topic} />
            </div>
            <CodeBlock text={example.payload} label={t(`examples.kind.${example.method}`)} maxHeight={280} />
          </section>
        ))}
      </div>
    </Drawer>
  );
}
