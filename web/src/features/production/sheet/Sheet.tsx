// Labels with the QR code of each device, as they come out of a printer: sheets of A4 with labels of a chosen width.
// What is chosen stands in the address; the paper is white in every theme.
import { useQuery } from '@tanstack/react-query';
import type { CSSProperties } from 'react';

import { ApiFailure, UNREACHABLE } from '../../../api';
import {
  Button,
  Checkbox,
  count,
  Empty,
  FailureNote,
  here,
  icons,
  Pagination,
  QrCode,
  Select,
  Spin,
  useAddress,
} from '../../../kit';
import { DONE, type BatchState } from '../batches';
import { useTexts } from '../texts';
import { codesIn, type DeviceCode } from './codes';
import { atOnce, inPieces, layOut, LINE, WIDTHS, type SheetLayout } from './layout';
import './sheet.css';

const parts = ['name', 'product', 'productId', 'batch', 'number'] as const;
type Part = (typeof parts)[number] | 'cut';

interface SheetProps {
  state: BatchState;
  productId: string;
  batchId: string;
  productName: string;
}

/** Reads the file once: a signed address is another each time, what it opens is the same. */
function useCodesOf({ state, productId, batchId }: SheetProps) {
  return useQuery({
    queryKey: ['batch file', productId, batchId],
    queryFn: async ({ signal }) => {
      const answer = await fetch(here(state.DownloadUrl), { signal });
      if (!answer.ok) throw new ApiFailure(UNREACHABLE, `HTTP ${answer.status}`, answer.status, '');
      return codesIn(await answer.text());
    },
    enabled: state.Status >= DONE,
    staleTime: Infinity,
  });
}

export function Sheet(props: SheetProps) {
  const t = useTexts();
  const codes = useCodesOf(props);
  if (props.state.Status < DONE) return <Empty title={t('sheet.wait')} />;
  if (codes.isPending) return <Spin />;
  if (codes.error) return <FailureNote error={codes.error} retry={() => void codes.refetch()} />;
  if (codes.data.length === 0) return <Empty title={t('sheet.none')}>{t('sheet.noneHint')}</Empty>;
  return <Labels {...props} codes={codes.data} />;
}

function Labels({ codes, ...batch }: SheetProps & { codes: DeviceCode[] }) {
  const t = useTexts();
  const [{ width, shows, sheet }, setAddress] = useAddress({ width: 40, shows: 'name', sheet: 1 });
  const chosen = new Set(shows.split('.').filter(Boolean) as Part[]);
  const lines = parts.filter((part) => chosen.has(part));
  const layout = layOut(WIDTHS.find((each) => each === width) ?? 40, lines.length);
  const step = atOnce(layout);
  const page = Math.min(sheet, Math.ceil(codes.length / step));
  const from = (page - 1) * step;
  const shown = codes.slice(from, from + step);
  const lineOf: Record<(typeof parts)[number], (device: DeviceCode) => string> = {
    name: (device) => device.name,
    product: () => batch.productName,
    productId: () => batch.productId,
    batch: () => batch.batchId,
    number: (device) => `# ${device.number}`,
  };
  return (
    <div className="production-sheet">
      <div className="production-sheet-bar">
        <label>
          {t('sheet.width')}{' '}
          <Select
            value={layout.label.width}
            onChange={(value) => setAddress({ width: value, sheet: 1 })}
            options={WIDTHS.map((value) => ({
              value,
              label: t('sheet.millimetres', { number: value }),
            }))}
            aria-label={t('sheet.width')}
          />
        </label>
        <Checkbox.Group
          aria-label={t('sheet.shows')}
          value={[...chosen]}
          onChange={(values) => setAddress({ shows: values.join('.'), sheet: 1 })}
          options={[...parts, 'cut' as const].map((part) => ({
            value: part,
            label: t(`sheet.part.${part}`),
          }))}
        />
        <Button type="primary" onClick={() => window.print()}>
          <icons.PrinterOutlined /> {t('sheet.print')}
        </Button>
      </div>
      <div className="production-sheet-bar">
        <span className="kit-faint">
          {t('sheet.range', {
            from: count(from + 1),
            to: count(from + shown.length),
            all: count(codes.length),
            columns: layout.columns,
          })}
          {' · '}
          {t('sheet.about')}
        </span>
        <Pagination
          size="small"
          current={page}
          pageSize={step}
          total={codes.length}
          onChange={(next) => setAddress({ sheet: next })}
          hideOnSinglePage
          showSizeChanger={false}
        />
      </div>
      <div className="production-papers" tabIndex={0} aria-label={t('sheet.paper')} role="region">
        {inPieces(shown, layout.columns * layout.rows).map((labels, index) => (
          <div
            key={index}
            className={chosen.has('cut') ? 'production-paper production-paper-cut' : 'production-paper'}
            style={measures(layout)}
          >
            {labels.map((device) => (
              <div key={device.number} className="production-label">
                <QrCode text={device.text} label={t('sheet.code', { name: device.name })} size="100%" />
                {lines.map((part) => (
                  <bdi key={part}>{lineOf[part](device)}</bdi>
                ))}
              </div>
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}

function measures({ columns, label }: SheetLayout): CSSProperties {
  return {
    gridTemplateColumns: `repeat(${columns}, ${label.width}mm)`,
    gridAutoRows: `${label.height}mm`,
    '--label-line': `${LINE}mm`,
  } as CSSProperties;
}
