/**
 * How late a network reports spend: at the instant of a request the report is complete up to between `fromMinutes` and
 * `toMinutes` ago (docs/networks.md, "How late networks report"). Unverified ones are settings to be replaced by what the
 * network is seen to do: `--lag taboola=20-90`.
 */
export interface ReportLag {
  readonly network: string;
  readonly fromMinutes: number;
  readonly toMinutes: number;
  readonly verified: boolean;
}

export const LAGS: readonly ReportLag[] = [
  { network: 'meta', fromMinutes: 0, toMinutes: 15, verified: true },
  { network: 'outbrain', fromMinutes: 10, toMinutes: 30, verified: true },
  { network: 'tiktok', fromMinutes: 30, toMinutes: 120, verified: true },
  { network: 'google', fromMinutes: 60, toMinutes: 180, verified: false },
  { network: 'taboola', fromMinutes: 15, toMinutes: 60, verified: false },
];

/** An hour counts as reported once it has been over for the longest lag and this much more. */
export const SETTLE_EXTRA_MINUTES = 5;

/** Reads `taboola=20-90`. @returns the lags with that one replaced, or null when it says nothing of the kind. */
export function withLag(lags: readonly ReportLag[], text: string): readonly ReportLag[] | null {
  const match = /^([a-z]+)=(\d+)-(\d+)$/.exec(text);
  const [network, from, to] = [match?.[1], Number(match?.[2]), Number(match?.[3])];
  if (network === undefined || !(from <= to) || !lags.some((lag) => lag.network === network)) return null;
  return lags.map((lag) =>
    lag.network === network ? { network, fromMinutes: from, toMinutes: to, verified: false } : lag,
  );
}
