// The editor behind `CodeEditor`. Colours are the theme's variables, so both themes fit.
import { javascript } from '@codemirror/lang-javascript';
import { json } from '@codemirror/lang-json';
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { tags } from '@lezer/highlight';
import CodeMirror, { EditorView, keymap, Prec, type ReactCodeMirrorRef } from '@uiw/react-codemirror';
import { useCallback, useEffect, useMemo, useRef } from 'react';

import './code.css';
import type { CodeEditorProps } from './CodeEditor';

const look = EditorView.theme({
  '&': { backgroundColor: 'transparent', color: 'var(--ant-color-text)', fontSize: '12.5px' },
  '.cm-content': { fontFamily: 'var(--ant-font-family-code)', caretColor: 'var(--ant-color-text)' },
  '.cm-gutters': {
    backgroundColor: 'var(--ant-color-fill-quaternary)',
    color: 'var(--ant-color-text-secondary)',
    borderInlineEnd: '1px solid var(--ant-color-border-secondary)',
  },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--ant-color-fill-quaternary)' },
  '&.cm-focused': { outline: '2px solid var(--ant-color-primary)', outlineOffset: '-1px' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground, ::selection': {
    backgroundColor: 'var(--ant-color-fill) !important',
  },
  '.cm-cursor': { borderLeftColor: 'var(--ant-color-text)' },
  '.cm-tooltip': {
    backgroundColor: 'var(--ant-color-bg-elevated)',
    color: 'var(--ant-color-text)',
    border: '1px solid var(--ant-color-border)',
  },
  '.cm-panels': { backgroundColor: 'var(--ant-color-bg-elevated)', color: 'var(--ant-color-text)' },
  '.cm-foldPlaceholder': { backgroundColor: 'var(--ant-color-fill-secondary)', color: 'inherit', border: 0 },
});

const colours = syntaxHighlighting(
  HighlightStyle.define([
    { tag: tags.propertyName, color: 'var(--ant-color-link)' },
    { tag: tags.string, color: 'var(--ant-color-text)' },
    { tag: [tags.number, tags.bool, tags.null], color: 'var(--ant-color-warning)' },
    { tag: tags.keyword, color: 'var(--ant-color-info)' },
    { tag: tags.comment, color: 'var(--ant-color-text-secondary)', fontStyle: 'italic' },
  ]),
);

export default function CodeEditorView({
  value,
  onChange,
  language = 'text',
  label,
  marks,
  height = '420px',
  onUndo,
  onRedo,
  shown,
}: CodeEditorProps) {
  const editor = useRef<ReactCodeMirrorRef>(null);
  const ownHistory = !onUndo;
  const extensions = useMemo(() => {
    const run = (action?: () => void) => () => {
      action?.();
      return true;
    };
    const keys = Prec.highest(
      keymap.of([
        { key: 'Mod-z', run: run(onUndo), preventDefault: true },
        { key: 'Mod-y', run: run(onRedo), preventDefault: true },
        { key: 'Mod-Shift-z', run: run(onRedo), preventDefault: true },
      ]),
    );
    return [
      look,
      colours,
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ 'aria-label': label }),
      lintGutter(),
      ...(language === 'json' ? [json()] : language === 'javascript' ? [javascript()] : []),
      ...(ownHistory ? [] : [keys]),
    ];
  }, [label, language, ownHistory, onUndo, onRedo]);

  const mark = useCallback(() => {
    const view = editor.current?.view;
    if (!view) return;
    const end = view.state.doc.length;
    const diagnostics: Diagnostic[] = (marks ?? []).map((each) => ({
      from: Math.min(each.from, end),
      to: Math.min(Math.max(each.to, each.from), end),
      severity: each.severity,
      message: each.text,
    }));
    view.dispatch(setDiagnostics(view.state, diagnostics));
  }, [marks]);
  useEffect(mark, [mark, value]);

  const show = useCallback(() => {
    const view = editor.current?.view;
    if (!view || !shown) return;
    const at = Math.min(shown.offset, view.state.doc.length);
    view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) });
    view.focus();
  }, [shown]);
  useEffect(show, [show]);

  return (
    <div className="kit-code-editor" dir="ltr">
      <CodeMirror
        ref={editor}
        value={value}
        height={height}
        theme="none"
        editable={onChange !== undefined}
        readOnly={onChange === undefined}
        // Tab leaves the editor, as it leaves every other field.
        indentWithTab={false}
        basicSetup={{
          history: ownHistory,
          historyKeymap: ownHistory,
          syntaxHighlighting: false,
          highlightSelectionMatches: false,
          // Bracketed completion of words is of no use in a model.
          autocompletion: language !== 'json',
        }}
        extensions={extensions}
        onChange={onChange}
        onCreateEditor={() => {
          // The reference is filled after this callback.
          setTimeout(() => {
            mark();
            show();
          });
        }}
      />
    </div>
  );
}
