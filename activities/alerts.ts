import { isTaken, sendAlert } from '../src/alert-send.ts';
import { findAlerts, listAlertReceivers, markAlertSent, settleAlerts } from '../src/db/alerts.ts';
import { loadNow } from '../src/db/clock.ts';
import type { Db } from '../src/db/connection.ts';
import { messageOf } from '../src/errors.ts';
import type { AlertActivities } from './contract.ts';

export interface AlertDeps {
  readonly db: Db;
  readonly wallNowMs: () => number;
  /** The address behind a workspace's sealed one. @throws where it cannot be opened here. */
  readonly openUrl: (workspaceId: string, sealed: Buffer) => string;
  readonly log: { warn(facts: object, message: string): void };
}

/** Looking for trouble, and telling those who want to hear it. */
export function createAlertActivities(deps: AlertDeps): AlertActivities {
  return {
    async lookForAlerts() {
      const wallMs = deps.wallNowMs();
      const { receivers, open, told } = await tellAlerts(deps, wallMs);
      const at = new Date(wallMs).toISOString();
      return {
        sentence:
          receivers === 0
            ? 'nobody wants to be told'
            : `${open} open in ${receivers} ${receivers === 1 ? 'workspace' : 'workspaces'} at ${at}, ${told} told just now`,
      };
    },
  };
}

export interface ToldAlerts {
  /** Workspaces that want to be told. */
  readonly receivers: number;
  /** What is wrong in them. */
  readonly open: number;
  /** Alerts that were taken now. */
  readonly told: number;
}

/**
 * Tells each workspace that wants to hear it what is wrong: once for each trouble, until it is over. What its receiver
 * did not take is told again at the next look, and a receiver that fails is left alone until then.
 */
export async function tellAlerts(deps: AlertDeps, wallMs: number): Promise<ToldAlerts> {
  const { db, log } = deps;
  const receivers = await listAlertReceivers(db);
  let [open, told] = [0, 0];
  for (const { id, sealed } of receivers) {
    const nowMs = await loadNow(db, id, wallMs);
    const found = await findAlerts(db, { workspaceId: id, nowMs, wallMs });
    open += found.length;
    for (const alert of await settleAlerts(db, id, found, nowMs)) {
      try {
        const answer = await sendAlert(deps.openUrl(id, sealed), id, alert);
        if (!isTaken(answer)) throw new Error(`it answered ${answer.status}`);
      } catch (error) {
        // Without the address: it holds its own key.
        log.warn({ workspace: id, alert: alert.key, why: messageOf(error) }, 'an alert was not taken');
        break;
      }
      await markAlertSent(db, id, alert.key, nowMs);
      told += 1;
    }
  }
  return { receivers: receivers.length, open, told };
}
