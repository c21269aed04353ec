import { useEffect, useState } from 'react';
import type { ClockView } from '../contract/live.ts';

interface MarketClockProps {
  readonly clock: ClockView;
  readonly timeZone: string;
  readonly clockSkewMs: number;
}

/** Workspace time at a wall instant, by the same formula as the server's. */
function clockNow(clock: ClockView, wallMs: number): number {
  if (clock.stoppedAtMs !== null) return clock.stoppedAtMs;
  return clock.originMs + Math.max(0, (wallMs - clock.wallOriginMs) * clock.rate);
}

function browserNowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** The workspace's clock, running by itself between messages. */
export function MarketClock({ clock, timeZone, clockSkewMs }: MarketClockProps) {
  const [wallMs, setWallMs] = useState(browserNowMs);
  useEffect(() => {
    const timer = setInterval(() => setWallMs(browserNowMs()), 500);
    return () => clearInterval(timer);
  }, []);
  const at = new Date(clockNow(clock, wallMs + clockSkewMs));
  const day = at.toLocaleDateString('en-GB', { timeZone, weekday: 'short', day: 'numeric', month: 'short' });
  const time = at.toLocaleTimeString('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' });
  const pace =
    clock.stoppedAtMs !== null
      ? 'clock stands still'
      : clock.rate === 1
        ? timeZone
        : `at ${Math.round(clock.rate)}× speed`;
  return (
    <p className="clock">
      <time dateTime={at.toISOString()}>
        {day} <b>{time}</b>
      </time>
      <span className="quiet"> {pace}</span>
    </p>
  );
}
