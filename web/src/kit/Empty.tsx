import type { ReactNode } from 'react';

/** Where nothing is yet: what would be here, why one wants it, and the one thing to do. Never a bare "no data". */
export function Empty({
  title,
  children,
  action,
}: {
  title: ReactNode;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="kit-empty">
      <p className="kit-empty-title">{title}</p>
      {children && <div className="kit-empty-text">{children}</div>}
      {action}
    </div>
  );
}
