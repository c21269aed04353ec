/** A workspace's clock: wall time in real use, market time in the sample workspace. All instants are ms since the epoch, UTC. */
export interface WorkspaceClock {
  /** Workspace time at `wallOriginMs`. */
  readonly originMs: number;
  readonly wallOriginMs: number;
  /** Workspace milliseconds per wall millisecond; 1 in real use, about 60 in the sample workspace. */
  readonly rate: number;
  /** Workspace time at which the clock stands still, or null while it runs. */
  readonly stoppedAtMs: number | null;
}

/** Workspace time at a wall instant. Never runs backwards before its origin. */
export function workspaceNow(clock: WorkspaceClock, wallMs: number): number {
  if (clock.stoppedAtMs !== null) return clock.stoppedAtMs;
  return clock.originMs + Math.max(0, Math.floor((wallMs - clock.wallOriginMs) * clock.rate));
}

/** How long a stretch of workspace time takes on the wall; Temporal durations are divided here and nowhere else. */
export function wallDuration(clock: Pick<WorkspaceClock, 'rate'>, workspaceMs: number): number {
  return Math.max(1, Math.ceil(workspaceMs / clock.rate));
}

/** The clock standing still from a wall instant on. */
export function stopClock(clock: WorkspaceClock, wallMs: number): WorkspaceClock {
  return { ...clock, stoppedAtMs: workspaceNow(clock, wallMs) };
}

/** The clock running on from where it stood, at an optionally new rate. */
export function startClock(clock: WorkspaceClock, wallMs: number, rate = clock.rate): WorkspaceClock {
  return { originMs: workspaceNow(clock, wallMs), wallOriginMs: wallMs, rate, stoppedAtMs: null };
}
