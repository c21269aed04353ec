/** Passes wakes on at once, then at most one per account and gap, with everything that came in between in one. */
export interface WakeGate {
  wake(accountId: string, campaignIds: readonly number[]): void;
  /** Waits until everything noted has been passed on, once. */
  flush(): Promise<void>;
}

interface Waiting {
  readonly campaignIds: Set<number>;
  timer: NodeJS.Timeout | undefined;
  sending: Promise<void> | undefined;
}

/**
 * @param send wakes the optimizer; a wake that fails is kept and goes out with the next.
 * @param onFailure the failure, for the log.
 */
export function createWakeGate(
  send: (accountId: string, campaignIds: readonly number[]) => Promise<void>,
  onFailure: (error: unknown) => void,
  gapMs = 1_000,
): WakeGate {
  const accounts = new Map<string, Waiting>();

  async function pass(accountId: string, waiting: Waiting): Promise<void> {
    const ids = [...waiting.campaignIds];
    waiting.campaignIds.clear();
    if (ids.length === 0) return;
    try {
      await send(accountId, ids);
    } catch (error) {
      for (const id of ids) waiting.campaignIds.add(id);
      onFailure(error);
    }
  }

  function open(accountId: string, waiting: Waiting): void {
    waiting.sending = pass(accountId, waiting);
    waiting.timer = setTimeout(() => {
      waiting.timer = undefined;
      if (waiting.campaignIds.size > 0) open(accountId, waiting);
      else accounts.delete(accountId);
    }, gapMs);
    waiting.timer.unref();
  }

  return {
    wake(accountId, campaignIds) {
      let waiting = accounts.get(accountId);
      if (!waiting)
        accounts.set(accountId, (waiting = { campaignIds: new Set(), timer: undefined, sending: undefined }));
      for (const id of campaignIds) waiting.campaignIds.add(id);
      if (waiting.timer === undefined) open(accountId, waiting);
    },
    async flush() {
      for (const [accountId, waiting] of accounts) {
        await waiting.sending;
        await pass(accountId, waiting);
      }
    },
  };
}
