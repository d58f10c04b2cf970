// Code, choices, forms from a model, QR codes.
import { useMemo, useState } from 'react';

import { CodeBlock } from '../CodeBlock';
import { CodeEditor } from '../CodeEditor';
import { DeviceSelect } from '../DeviceSelect';
import { ModelForm } from '../ModelForm';
import { ProductSelect } from '../ProductSelect';
import { QrCode } from '../QrCode';
import { TextDiff } from '../TextDiff';
import { readModel, type Values } from '../thingModel';
import { AFTER, BEFORE, HOSTILE, MODEL } from './samples';
import { useTexts } from './texts';

export function Codes() {
  const t = useTexts();
  const [edited, setEdited] = useState(AFTER);
  return (
    <div className="kit-stack">
      <CodeBlock text={`echo ${HOSTILE}`} label={t('code')} />
      <CodeEditor value={edited} onChange={setEdited} language="json" label={t('code')} height="140px" />
      <TextDiff before={BEFORE} after={edited} labels={[t('before'), t('after')]} />
    </div>
  );
}

export function Choosing() {
  const [product, setProduct] = useState<string>();
  const [device, setDevice] = useState<string>();
  return (
    <div className="gallery-grid">
      <ProductSelect<string> allowClear value={product} onChange={setProduct} />
      <DeviceSelect product={product ?? ''} value={device} onChange={setDevice} />
    </div>
  );
}

export function ModelForms() {
  const t = useTexts();
  const model = useMemo(() => readModel(MODEL), []);
  const [value, setValue] = useState<Values>({ brightness: 140, power: 1 });
  return (
    <ModelForm
      fields={model.properties}
      value={value}
      onChange={setValue}
      present={{ brightness: 30, name: HOSTILE }}
      label={t('group.model')}
    />
  );
}

export function QrCodes() {
  const t = useTexts();
  return <QrCode text={HOSTILE} label={t('group.qr')} />;
}
