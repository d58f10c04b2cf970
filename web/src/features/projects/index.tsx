import type { Feature } from '../../app/feature';
import { call } from '../../api';
import { icons } from '../../kit';
import { text } from './texts';

/** Projects and the instances that they live in. */
export const feature: Feature = {
  id: 'projects',
  pages: [
    {
      path: '/projects',
      load: () => import('./ProjectsPage'),
      title: () => text('title'),
      menu: { section: 'administration', order: 5, icon: <icons.AppstoreOutlined /> },
      needs: ['GetProjectList'],
    },
    {
      path: '/instances',
      load: () => import('./InstancesPage'),
      title: () => text('instances.title'),
      menu: { section: 'administration', order: 6, icon: <icons.ClusterOutlined /> },
      needs: ['DescribeInstances'],
    },
  ],
  side: { load: () => import('./Switcher') },
  find: async (typed, signal) => {
    const { Projects } = await call('GetProjectList', { ProjectName: typed, Limit: 5 }, signal);
    return Projects.map((project) => ({
      key: `project ${project.ProjectId}`,
      title: project.ProjectName,
      hint: `${text('switch')} ${project.ProjectId}`,
      run: (go) => go(`/projects?find=${encodeURIComponent(project.ProjectName)}`),
    }));
  },
};
