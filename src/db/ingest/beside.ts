/**
 * Work of one transaction that goes on while its caller prepares more: a batch is claimed, judged and written side by side.
 * {@link settle} before the transaction ends, whichever way it ends: a statement that comes after it would be in none.
 */
export class Beside {
  readonly #running: Promise<unknown>[] = [];
  #failure: { readonly error: unknown } | null = null;

  /** Begins work; the promise is its own, and whoever does not await it loses no error: {@link settle} throws it. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const running = work();
    running.catch((error: unknown) => (this.#failure ??= { error }));
    this.#running.push(running);
    return running;
  }

  /** Waits for all of it. @throws what failed first: what fails after that does so because the transaction is broken. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#running);
    if (this.#failure !== null) throw this.#failure.error;
  }
}
