// What will be made, and whether there are activation codes and places for it.
import { useOperation } from '../../api';
import { Checkbox, count, Facts, PageLink, Status } from '../../kit';
import { kindFor, left } from '../activation/codes';
import { useCodes } from '../activation/useCodes';
import { planned, type Plan } from './plan';
import type { Product } from './ProductStep';
import { useTexts } from './texts';

export function CheckStep({
  plan,
  product,
  onChange,
}: {
  plan: Plan;
  product: Product;
  onChange: (plan: Plan) => void;
}) {
  const t = useTexts();
  return (
    <div className="production-step">
      <Facts
        facts={[
          { label: t('product'), value: <bdi>{product.ProductName}</bdi> },
          { label: t('naming.count'), value: count(planned(plan)) },
          { label: t('burn.label'), value: plan.burn === 0 ? t('burn.each') : t('burn.product') },
          {
            label: t('naming.label'),
            value: plan.naming === 'file' ? <bdi>{plan.file?.name}</bdi> : t('naming.madeUp'),
          },
          {
            label: t('codes.title'),
            value: <CodesNote product={product} wanted={planned(plan)} />,
            wide: true,
          },
        ]}
      />
      <Checkbox checked={plan.qr} onChange={(event) => onChange({ ...plan, qr: event.target.checked })}>
        {t('wizard.qr')}
        <span className="production-choice-text">{t('wizard.qrText')}</span>
      </Checkbox>
    </div>
  );
}

function CodesNote({ product, wanted }: { product: Product; wanted: number }) {
  const t = useTexts();
  const { codes, loading } = useCodes();
  const free = codes && left(codes, kindFor(product.NetType));
  return (
    <div className="production-codes">
      {loading && '…'}
      {!loading && !codes && <Status tone="plain">{t('codes.unknown')}</Status>}
      {codes && free === undefined && <Status tone="good">{t('codes.unlimited')}</Status>}
      {free !== undefined && (
        <Status tone={free >= wanted ? 'good' : 'warn'}>
          {t(free >= wanted ? 'codes.enough' : 'codes.short', { left: count(free) })}
        </Status>
      )}
      <PlacesNote project={product.ProjectId} wanted={wanted} />
      <PageLink to="/activation">{t('codes.link')}</PageLink>
    </div>
  );
}

/** Says so where the instance itself has no room for all. */
function PlacesNote({ project, wanted }: { project: string; wanted: number }) {
  const t = useTexts();
  const projects = useOperation('GetProjectList', { ProjectId: project });
  const instances = useOperation('DescribeInstances', {});
  const id = projects.data?.Projects[0]?.InstanceId;
  const instance = instances.data?.Instances.find((each) => each.InstanceId === id);
  if (!instance || instance.TotalDeviceNum === 0) return null;
  const places = Math.max(0, instance.TotalDeviceNum - instance.UsedDeviceNum);
  return places < wanted ? <Status tone="warn">{t('codes.places', { left: count(places) })}</Status> : null;
}
