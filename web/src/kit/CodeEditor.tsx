// A place for text of programs: numbered lines, colours, and marks where something is wrong. The editor itself is large
// and comes when the first one is shown.
import { Skeleton } from 'antd';
import { lazy, Suspense } from 'react';

/** Something said about a piece of the text. */
export interface CodeMark {
  from: number;
  to: number;
  severity: 'error' | 'warning';
  text: string;
}

export interface CodeEditorProps {
  value: string;
  /** Without it the text can only be read. */
  onChange?: (value: string) => void;
  language?: 'json' | 'javascript' | 'text';
  /** What the text is, for screen readers. */
  label: string;
  marks?: readonly CodeMark[];
  height?: string;
  /** Undo and redo belong to whoever keeps the text, if these are given; the same functions from time to time. */
  onUndo?: () => void;
  onRedo?: () => void;
  /** Shows this offset; a new object shows it again. */
  shown?: { offset: number };
}

const View = lazy(() => import('./CodeEditorView'));

export function CodeEditor(props: CodeEditorProps) {
  return (
    <Suspense fallback={<Skeleton active paragraph={{ rows: 8 }} />}>
      <View {...props} />
    </Suspense>
  );
}
