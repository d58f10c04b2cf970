import { Select } from '../../kit';
import { chooseProject, useProjectId, useProjects } from './current';
import { useTexts } from './texts';

/** Chooses the project that the pages are about. */
export default function Switcher() {
  const t = useTexts();
  const id = useProjectId();
  const { projects } = useProjects();
  const options = [
    { value: '', label: t('all') },
    ...projects.map((project) => ({ value: project.ProjectId, label: project.ProjectName })),
  ];
  return (
    <Select
      className="app-side-part"
      aria-label={t('switch')}
      value={id}
      options={options}
      onChange={chooseProject}
      showSearch={{ optionFilterProp: 'label' }}
    />
  );
}
