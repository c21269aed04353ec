/** A sentence for people, in which `…` marks what is typed as it stands: a command, a setting. */
export function MarkedText({ text }: { readonly text: string }) {
  // An odd mark at the end opens nothing.
  const parts = text.split(/`([^`]+)`/);
  return <>{parts.map((part, at) => (at % 2 === 1 ? <code key={at}>{part}</code> : part))}</>;
}
