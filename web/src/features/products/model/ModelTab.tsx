// The thing model of a product: table and JSON are two views of one draft, which is published when it is good.
import { useOperation } from '../../../api';
import { FailureNote, Skeleton } from '../../../kit';
import type { Product } from '../choices';
import { ModelEditor } from './ModelEditor';

export default function ModelTab({ product }: { product: Product }) {
  const model = useOperation('DescribeModelDefinition', { ProductId: product.ProductId });
  if (model.error) return <FailureNote error={model.error} retry={() => void model.refetch()} />;
  if (!model.data) return <Skeleton active />;
  return <ModelEditor key={product.ProductId} product={product} definition={model.data.Model} />;
}
