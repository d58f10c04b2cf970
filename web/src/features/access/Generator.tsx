// A document from choices: what may be done, and with what.
import { useState } from 'react';

import { useChange, useOperation } from '../../api';
import { Button, Collapse, FailureNote, ProductSelect, Select } from '../../kit';
import { useTexts } from './texts';

type Effect = 'Allow' | 'Deny';
type Operations = 'All' | 'ReadOnly' | 'Named';

export function Generator({ onMade }: { onMade: (document: string) => void }) {
  const t = useTexts();
  const [effect, setEffect] = useState<Effect>('Allow');
  const [operations, setOperations] = useState<Operations>('ReadOnly');
  const [names, setNames] = useState<string[]>([]);
  const [project, setProject] = useState<string>();
  const [product, setProduct] = useState<string>();
  const [error, setError] = useState<unknown>();
  const projects = useOperation('GetProjectList', { Limit: 100 });
  const generate = useChange('GeneratePolicy');
  const make = async () => {
    setError(undefined);
    try {
      const choice = {
        Effect: effect,
        Operations: operations,
        Names: operations === 'Named' ? names : undefined,
        ProjectId: project,
        ProductId: product,
      };
      onMade((await generate.mutateAsync({ Choices: [choice] })).PolicyDocument);
    } catch (failure) {
      setError(failure);
    }
  };
  const form = (
    <div className="access-once">
      <div className="access-form-row">
        <Select
          aria-label={t('generator.effect')}
          value={effect}
          onChange={setEffect}
          options={[
            { value: 'Allow', label: t('generator.allow') },
            { value: 'Deny', label: t('generator.deny') },
          ]}
        />
        <Select
          aria-label={t('generator.operations')}
          value={operations}
          onChange={setOperations}
          options={[
            { value: 'All', label: t('generator.all') },
            { value: 'ReadOnly', label: t('generator.reading') },
            { value: 'Named', label: t('generator.named') },
          ]}
        />
        {operations === 'Named' && (
          <Select
            mode="tags"
            aria-label={t('generator.names')}
            placeholder={t('generator.names')}
            value={names}
            onChange={setNames}
          />
        )}
      </div>
      <div className="access-form-row">
        <Select
          allowClear
          aria-label={t('generator.project')}
          placeholder={t('generator.project')}
          value={project}
          onChange={setProject}
          options={projects.data?.Projects.map((each) => ({
            value: each.ProjectId,
            label: each.ProjectName,
          }))}
        />
        <ProductSelect<string>
          allowClear
          value={product}
          onChange={setProduct}
          aria-label={t('generator.product')}
          placeholder={t('generator.product')}
        />
        <Button onClick={() => void make()} loading={generate.isPending}>
          {t('generator.make')}
        </Button>
      </div>
      <FailureNote error={error} />
    </div>
  );
  return (
    <Collapse
      size="small"
      className="access-section"
      items={[{ key: 'generator', label: t('generator.title'), children: form }]}
    />
  );
}
