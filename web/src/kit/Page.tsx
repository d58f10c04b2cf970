// The frame of a page: where it is, what it is called, what can be done with it, and what it asks the server.
import { Breadcrumb } from 'antd';
import { useEffect, type ReactNode } from 'react';

import { PageLink } from './PageLink';
import { ShowAsApi } from './ShowAsApi';

export interface Crumb {
  title: ReactNode;
  path?: string;
}

export interface PageProps {
  title: ReactNode;
  /** The title as plain text, where `title` is more than that. */
  name?: string;
  crumbs?: Crumb[];
  /** One line under the title. */
  about?: ReactNode;
  /** Buttons at the right; the primary one last. */
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, name, crumbs, about, actions, children }: PageProps) {
  const shown = name ?? (typeof title === 'string' ? title : undefined);
  useEffect(() => {
    if (shown) document.title = `${shown} · Yizhan`;
  }, [shown]);
  return (
    <div className="kit-page">
      {crumbs && (
        <Breadcrumb
          items={crumbs.map(({ title: crumb, path }) => ({
            title: <bdi>{path ? <PageLink to={path}>{crumb}</PageLink> : crumb}</bdi>,
          }))}
        />
      )}
      <header className="kit-page-head">
        <div className="kit-page-title">
          <h1>
            <bdi>{title}</bdi>
          </h1>
          {about && <div className="kit-page-about">{about}</div>}
        </div>
        <div className="kit-page-actions">
          <ShowAsApi />
          {actions}
        </div>
      </header>
      {children}
    </div>
  );
}
