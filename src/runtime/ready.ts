/** What a process tells `up`, when `up` started it. */
export type ChildMessage = { readonly kind: 'ready' } | { readonly kind: 'say'; readonly text: string };

/** Tells `up` that this process is of use now. Does nothing when run by hand. */
export function reportReady(): void {
  send({ kind: 'ready' });
}

/** A sentence for the person at the terminal: through `up`, or on stdout when run by hand. */
export function sayToOperator(text: string): void {
  if (!send({ kind: 'say', text })) process.stdout.write(`${text}\n`);
}

function send(message: ChildMessage): boolean {
  if (process.send === undefined || !process.connected) return false;
  process.send(message, () => undefined);
  return true;
}

/** Resolves at the first SIGTERM, SIGINT or SIGHUP: time to finish what is begun and end. */
export async function askedToStop(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(name, () => resolve());
  });
}
