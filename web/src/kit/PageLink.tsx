import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

/** A link to a page of the console, by its address: `/products/ABC?tab=model`. */
export function PageLink({
  to,
  children,
  className,
}: {
  to: string;
  children: ReactNode;
  className?: string;
}) {
  const [path, query] = to.split('?');
  const search = Object.fromEntries(new URLSearchParams(query));
  return (
    <Link to={path} search={search as never} className={className}>
      {children}
    </Link>
  );
}
