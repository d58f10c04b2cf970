// What the server is, and whose work is in it.
import { useOperation, type Answer } from '../../api';
import { count, Empty, Facts, Id, Input, ResourceTable, Time, useAddress, type Column } from '../../kit';
import { SystemPage } from './SystemPage';
import { useTexts } from './texts';
import './system.css';

type Library = Answer<'DescribeAbout'>['Libraries'][number];

export default function AboutPage() {
  const t = useTexts();
  const [{ find }, setAddress] = useAddress({ find: '' });
  const about = useOperation('DescribeAbout', {});
  const columns: Column<Library>[] = [
    { key: 'name', title: t('about.library'), fixed: true, render: (library) => library.Name },
    { key: 'version', title: t('about.version'), render: (library) => library.Version },
    { key: 'license', title: t('about.license'), render: (library) => library.License },
  ];
  const sought = find.toLowerCase();
  return (
    <SystemPage part="about" about={t('about.about')}>
      {about.data && (
        <Facts
          facts={[
            { label: t('about.version'), value: about.data.Version },
            { label: t('about.platform'), value: about.data.Platform },
            { label: t('about.license'), value: about.data.License },
            { label: t('about.schema'), value: count(about.data.SchemaVersion) },
            { label: t('about.process'), value: <Id value={String(about.data.ProcessId)} /> },
            { label: t('status.running'), value: <Time at={about.data.StartedAt} /> },
          ]}
        />
      )}
      <h2 className="system-heading">{t('about.libraries')}</h2>
      <ResourceTable
        id="libraries"
        label={t('about.libraries')}
        columns={columns}
        rows={about.data?.Libraries.filter((library) =>
          `${library.Name} ${library.License}`.toLowerCase().includes(sought),
        )}
        rowKey={(library) => `${library.Name} ${library.Version}`}
        loading={about.isPending}
        error={about.error}
        filters={
          <Input.Search
            allowClear
            placeholder={t('about.find')}
            aria-label={t('about.find')}
            defaultValue={find}
            onChange={(event) => setAddress({ find: event.target.value })}
            style={{ maxWidth: 260 }}
          />
        }
        empty={<Empty title={t('about.nothing')} />}
      />
    </SystemPage>
  );
}
