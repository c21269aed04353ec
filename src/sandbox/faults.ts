import { z } from 'zod';

/** Ways in which a network fails, by name. */
export const faultSchema = z.strictObject({
  kind: z.enum([
    'rate',
    'edit_quota',
    'auth',
    'server_error',
    'html_502',
    'slow',
    /** The write is accepted and logged, the answer never comes. */
    'withhold_answer',
    /** As above, with the connection cut at once. */
    'cut_after_acceptance',
    'null_batch_part',
    'fail_report_run',
  ]),
  on: z.enum(['read', 'write', 'any']).default('any'),
  /** Calls it befalls; then it is gone. */
  times: z.int().min(1).max(1_000_000).default(1),
  /** Only calls whose path holds this text. */
  path: z.string().optional(),
  delayMs: z.int().min(0).max(600_000).default(30_000),
});

export type Fault = z.infer<typeof faultSchema>;

/** The faults now armed. */
export class Faults {
  #armed: Fault[] = [];

  arm(fault: Fault): void {
    this.#armed.push({ ...fault });
  }

  clear(): void {
    this.#armed = [];
  }

  list(): readonly Fault[] {
    return this.#armed;
  }

  /** The first armed fault that befalls this call, counted down; null when none does. */
  take(
    call: { readonly write: boolean; readonly path: string },
    kinds?: readonly Fault['kind'][],
  ): Fault | null {
    const fault = this.#armed.find(
      (armed) =>
        (kinds
          ? kinds.includes(armed.kind)
          : armed.kind !== 'null_batch_part' && armed.kind !== 'fail_report_run') &&
        (armed.on === 'any' || (armed.on === 'write') === call.write) &&
        (armed.path === undefined || call.path.includes(armed.path)),
    );
    if (!fault) return null;
    fault.times -= 1;
    if (fault.times <= 0) this.#armed = this.#armed.filter((armed) => armed !== fault);
    return fault;
  }
}
