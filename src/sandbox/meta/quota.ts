/** At most this many points is what an app has before Meta has reviewed it. */
const DEVELOPMENT_POINTS = 60;

/** Points per account: reads cost 1, writes 3; they run off evenly over the window. Wall time, as at the network. */
export class Quota {
  readonly #points: number;
  readonly #windowMs: number;
  #used = 0;
  #calls = 0;
  #at = 0;

  constructor(points = 9_000, windowMs = 300_000) {
    this.#points = points;
    this.#windowMs = windowMs;
  }

  /** Counts one call. @returns false when the account has used up its points. */
  spend(write: boolean, wallMs: number): boolean {
    this.#used = Math.max(0, this.#used - ((wallMs - this.#at) * this.#points) / this.#windowMs);
    this.#at = wallMs;
    if (this.#used >= this.#points) return false;
    this.#used += write ? 3 : 1;
    this.#calls += 1;
    return true;
  }

  headers(accountId: string): Record<string, string> {
    const percent = Math.round((10_000 * this.#used) / this.#points) / 100;
    const tier = this.#points > DEVELOPMENT_POINTS ? 'standard_access' : 'development_access';
    const calls = Math.min(100, Math.ceil(this.#calls / 1_000));
    return {
      'x-app-usage': JSON.stringify({ call_count: calls, total_time: calls, total_cputime: calls }),
      'x-ad-account-usage': JSON.stringify({
        acc_id_util_pct: percent,
        reset_time_duration: percent >= 100 ? 60 : 0,
        ads_api_access_tier: tier,
      }),
      'x-business-use-case-usage': JSON.stringify({
        [accountId]: [
          {
            type: 'ads_management',
            call_count: Math.ceil(percent),
            total_cputime: 1,
            total_time: 1,
            estimated_time_to_regain_access: percent >= 100 ? 1 : 0,
            ads_api_access_tier: tier,
          },
        ],
      }),
    };
  }
}
