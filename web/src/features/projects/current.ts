// The project that the pages are about, chosen at the top of the menu and kept in the browser; '' means all of them.
import { create } from 'zustand';

import { useOperation } from '../../api';

const KEY = 'yizhan.project';

const useChosen = create<{ id: string }>(() => ({ id: localStorage.getItem(KEY) ?? '' }));

/** Chooses a project for all pages. */
export function chooseProject(id: string): void {
  localStorage.setItem(KEY, id);
  useChosen.setState({ id });
}

/** The projects of the account, at most a hundred. */
export function useProjects() {
  const { data, ...rest } = useOperation('GetProjectList', { Limit: 100 });
  return { projects: data?.Projects ?? [], loaded: data !== undefined, ...rest };
}

/** The chosen project's id; '' means all. One that is gone counts as none. */
export function useProjectId(): string {
  const id = useChosen((chosen) => chosen.id);
  const { projects, loaded } = useProjects();
  return !loaded || projects.some((project) => project.ProjectId === id) ? id : '';
}
