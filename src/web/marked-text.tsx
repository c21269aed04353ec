/** A sentence for people, in which `…` marks what is typed as it stands: a command, a setting. */
export function MarkedText({ text }: { readonly text: string }) {
  // An odd mark at the end opens nothing.
  const parts = withoutBrokenOdds(text).split(/`([^`]+)`/);
  return <>{parts.map((part, at) => (at % 2 === 1 ? <code key={at}>{part}</code> : part))}</>;
}

/** Odds are read as one: "27 : 1" never breaks at its colon. */
function withoutBrokenOdds(text: string): string {
  return text.replaceAll(/(\d) : (?=\d)/g, '$1\u00A0:\u00A0');
}
