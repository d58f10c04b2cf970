// The thing model of a product as JSON.
import { useOperation } from '../../../api';
import { CodeEditor, FailureNote, Skeleton } from '../../../kit';
import type { Product } from '../choices';
import { useTexts } from '../texts';

export default function ModelTab({ product }: { product: Product }) {
  const t = useTexts();
  const model = useOperation('DescribeModelDefinition', { ProductId: product.ProductId });
  if (model.error) return <FailureNote error={model.error} retry={() => void model.refetch()} />;
  if (!model.data) return <Skeleton active />;
  return <CodeEditor value={model.data.Model.ModelDefine} language="json" label={t('tab.model')} />;
}
