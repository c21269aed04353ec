import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { sql } from 'kysely';
import type { ApiDeps } from './api-deps.ts';

/**
 * What /metrics tells Prometheus: this process, what tracking holds back in it, and how far judging is behind. Counts
 * that need the database are left out while it is away, and `bidloop_database_up` says so.
 */
export function createMetrics(deps: ApiDeps): { readonly contentType: string; text(): Promise<string> } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];

  new Gauge({
    name: 'bidloop_postbacks_unanswered',
    help: 'Requests of this process that wait for their commit',
    registers,
    collect() {
      this.set(deps.tracking?.().postbacksWaiting ?? 0);
    },
  });
  new Gauge({
    name: 'bidloop_click_backlog_bytes',
    help: 'Clicks on the disk of this process that the database does not have yet',
    registers,
    collect() {
      this.set(deps.tracking?.().clickBacklogBytes ?? 0);
    },
  });

  const up = new Gauge({ name: 'bidloop_database_up', help: '1 when the database answered', registers });
  const unjudged = new Gauge({
    name: 'bidloop_postbacks_unjudged',
    help: 'Postbacks stored and not yet judged, in the whole installation',
    registers,
  });
  const open = new Gauge({
    name: 'bidloop_decisions_open',
    help: 'Decisions to be carried out that have not come to an end',
    registers,
  });
  const halted = new Gauge({
    name: 'bidloop_accounts_halted',
    help: 'Ad accounts whose kill switch is on',
    registers,
  });

  async function lookAtDatabase(): Promise<void> {
    try {
      const { rows } = await sql<{ unjudged: number; open: number; halted: number }>`
        select (select count(*) from inbox) as unjudged,
          (select count(*) from decision where needs_workflow and closed_at is null) as open,
          (select count(*) from ad_account where halted_at is not null) as halted`.execute(deps.db);
      const row = rows[0];
      up.set(1);
      unjudged.set(row?.unjudged ?? 0);
      open.set(row?.open ?? 0);
      halted.set(row?.halted ?? 0);
    } catch {
      up.set(0);
      for (const gauge of [unjudged, open, halted]) gauge.remove();
    }
  }

  return {
    contentType: registry.contentType,
    async text() {
      // Before the registry is read: it reads all gauges at once, so one cannot fill another.
      await lookAtDatabase();
      return registry.metrics();
    },
  };
}
