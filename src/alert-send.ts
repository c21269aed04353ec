import type { Alert } from './db/alerts.ts';
import { messageOf } from './errors.ts';

/** What a receiver of alerts said. */
export interface AlertAnswer {
  /** HTTP status. */
  readonly status: number;
  /** The beginning of its answer: Slack says there what is wrong with an address. */
  readonly text: string;
}

const TIMEOUT_MS = 5_000;
const KEPT_OF_ANSWER = 300;

/**
 * One alert to its receiver: `text` is what Slack's incoming webhooks and those that imitate them show
 * (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks), the rest is for programs.
 *
 * @throws Error saying how it got no answer, without the address: it holds its own key.
 */
export async function sendAlert(url: string, workspace: string, alert: Alert): Promise<AlertAnswer> {
  const { key, text, next } = alert;
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      text: `Bidloop (${workspace}): ${text}\n${next}`,
      workspace,
      alert: { key, text, next },
    }),
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw new Error(`no answer: ${messageOf(error)}`);
  });
  const said = await response.text().catch(() => '');
  return { status: response.status, text: said.trim().slice(0, KEPT_OF_ANSWER) };
}

/** Whether it was taken: any other answer is one to try again. */
export function isTaken({ status }: AlertAnswer): boolean {
  return status >= 200 && status < 300;
}
