import { CopyButton } from './Copy';

/** Text of a program or a message, as it is, with a button that copies it. */
export function CodeBlock({ text, label, maxHeight }: { text: string; label?: string; maxHeight?: number }) {
  return (
    <div className="kit-code-block">
      {/* Longer than the box: it can be scrolled by keyboard. */}
      <pre tabIndex={0} style={maxHeight ? { maxHeight } : undefined} aria-label={label}>
        <code>{text}</code>
      </pre>
      <CopyButton value={text} label={label} />
    </div>
  );
}
