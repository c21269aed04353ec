/** Tells `up`, when it started this process, that the process is of use now. Does nothing when run by hand. */
export function reportReady(): void {
  if (process.send === undefined || !process.connected) return;
  process.send({ ready: true }, () => undefined);
}

/** Resolves at the first SIGTERM, SIGINT or SIGHUP: time to finish what is begun and end. */
export async function askedToStop(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(name, () => resolve());
  });
}
