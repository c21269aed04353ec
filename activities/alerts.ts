import { type Alert, findAlerts, listAlertReceivers, markAlertSent, settleAlerts } from '../src/db/alerts.ts';
import { loadNow } from '../src/db/clock.ts';
import type { Db } from '../src/db/connection.ts';
import { messageOf } from '../src/errors.ts';

export interface AlertDeps {
  readonly db: Db;
  /** The address behind a workspace's sealed one. @throws where it cannot be opened here. */
  readonly openUrl: (workspaceId: string, sealed: Buffer) => string;
  readonly log: { warn(facts: object, message: string): void };
}

const TIMEOUT_MS = 5_000;

/**
 * Tells each workspace that wants to hear it what is wrong: once for each trouble, until it is over. What its receiver
 * did not take is told again at the next run.
 *
 * @returns how many alerts were taken.
 */
export async function tellAlerts(deps: AlertDeps, wallMs: number): Promise<number> {
  const { db, log } = deps;
  let sent = 0;
  for (const { id, sealed } of await listAlertReceivers(db)) {
    const nowMs = await loadNow(db, id, wallMs);
    const found = await findAlerts(db, { workspaceId: id, nowMs, wallMs });
    for (const alert of await settleAlerts(db, id, found, nowMs)) {
      try {
        await postAlert(deps.openUrl(id, sealed), id, alert);
      } catch (error) {
        // Without the address: it holds its own key.
        log.warn({ workspace: id, alert: alert.key, why: messageOf(error) }, 'an alert was not taken');
        continue;
      }
      await markAlertSent(db, id, alert.key, nowMs);
      sent += 1;
    }
  }
  return sent;
}

/**
 * One alert to its receiver: `text` is what Slack and those that imitate its incoming webhooks show, the rest is for
 * programs.
 *
 * @throws Error saying how it failed, without the address.
 */
export async function postAlert(url: string, workspace: string, alert: Alert): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      text: `Bidloop (${workspace}): ${alert.text}\n${alert.next}`,
      workspace,
      ...alertFacts(alert),
    }),
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw new Error(`no answer: ${messageOf(error)}`);
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`it answered ${response.status}`);
}

function alertFacts({ key, text, next }: Alert): object {
  return { alert: { key, text, next } };
}
