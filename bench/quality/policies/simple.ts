import { DAILY, type Policy } from '../policy.ts';

/** Never touches anything. */
const NEVER: Policy = {
  id: 'Z',
  title: 'never pause',
  every: () => DAILY,
  revives: false,
  learns: null,
  start: () => () => null,
};

/** Knows what no policy can: each ad's efficiency, fatigue and the market. Runs it on exactly the days worth their cost. */
const ORACLE: Policy = {
  id: 'O',
  title: 'oracle: knows every ad',
  every: () => DAILY,
  revives: true,
  learns: null,
  knowsAll: true,
  start: (known) => {
    const value = (view: Parameters<ReturnType<Policy['start']>>[0], day: number): boolean =>
      (view.ad.track.worth[day] ?? 0) >= 1;
    return (view, look) => {
      if (known.account.scenario.bidding === true) {
        const bidMicros = Math.round(view.ad.plan.theta * view.ad.plan.cpcMicros);
        return view.levers.bidMicros === bidMicros ? null : { bidMicros };
      }
      const on = value(view, Math.floor(look.k / DAILY));
      return on === view.levers.on ? null : { on };
    };
  },
};

export const SIMPLE: readonly Policy[] = [NEVER, ORACLE];
