// Another model in the place of the draft: from a file, from pasted text, or of another product.
import { useState } from 'react';

import { useOperation } from '../../../api';
import {
  Alert,
  CodeEditor,
  FailureNote,
  icons,
  Modal,
  ProductSelect,
  Segmented,
  Upload,
  Button,
} from '../../../kit';
import { readModel } from './document';
import { useTexts } from './texts';

/** A thing model is no larger. */
const MOST_BYTES = 512 * 1024;

/** What a text holds, in one line; nothing while there is no text. */
function Held({ text }: { text: string }) {
  const t = useTexts();
  if (text.trim() === '') return null;
  const read = readModel(text);
  if ('unreadable' in read)
    return <Alert type="error" showIcon title={t('unreadable', { ...read.unreadable })} />;
  const { properties = [], events = [], actions = [] } = read.model;
  return (
    <Alert
      type="info"
      showIcon
      title={t('bring.holds', {
        properties: properties.length,
        events: events.length,
        actions: actions.length,
      })}
    />
  );
}

export function BringModel({
  productId,
  onBring,
  onClose,
}: {
  productId: string;
  onBring: (text: string) => void;
  onClose: () => void;
}) {
  const t = useTexts();
  const [from, setFrom] = useState<'file' | 'product'>('file');
  const [pasted, setPasted] = useState('');
  const [tooLarge, setTooLarge] = useState(false);
  const [product, setProduct] = useState<string>();
  const other = useOperation(
    'DescribeModelDefinition',
    { ProductId: product ?? '' },
    { enabled: product !== undefined },
  );
  const text = from === 'file' ? pasted : (other.data?.Model.ModelDefine ?? '');
  const sound = text.trim() !== '' && 'model' in readModel(text);
  const takeFile = async (file: File) => {
    const fits = file.size <= MOST_BYTES;
    setTooLarge(!fits);
    if (fits) setPasted(await file.text());
  };
  return (
    <Modal
      open
      width={720}
      title={t('bring.title')}
      okText={t('apply')}
      cancelText={t('cancel')}
      okButtonProps={{ disabled: !sound }}
      onOk={() => onBring(text)}
      onCancel={onClose}
    >
      <p className="kit-faint">{t('bring.text')}</p>
      <div className="products-stack">
        <Segmented
          aria-label={t('bring.title')}
          value={from}
          onChange={setFrom}
          options={[
            { value: 'file', label: t('bring.file') },
            { value: 'product', label: t('bring.product') },
          ]}
        />
        {from === 'file' ? (
          <>
            <Upload
              accept=".json,application/json"
              showUploadList={false}
              beforeUpload={(file) => {
                void takeFile(file);
                return false;
              }}
            >
              <Button icon={<icons.UploadOutlined />}>{t('bring.choose')}</Button>
            </Upload>
            {tooLarge && <Alert type="error" showIcon title={t('bring.tooLarge')} />}
            <CodeEditor
              language="json"
              label={t('bring.paste')}
              value={pasted}
              onChange={setPasted}
              height="300px"
            />
          </>
        ) : (
          <>
            <ProductSelect<string>
              value={product}
              onChange={setProduct}
              fits={(each) => each.ProductId !== productId && each.DataProtocol === 1}
            />
            <FailureNote error={other.error} />
          </>
        )}
        <Held text={text} />
      </div>
    </Modal>
  );
}
