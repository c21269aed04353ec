import type pg from 'pg';

/** At most this often: PostgreSQL serialises commits that notify. */
const EVERY_MS = 50;

/**
 * Tells ingest that its inbox has news: at once, then at most twenty times a second, with a last call for what came
 * in between. A lost one is harmless, since ingest also looks by itself.
 */
export function createInboxNotifier(pool: pg.Pool): { poke(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let again = false;
  function send(): void {
    again = false;
    timer = setTimeout(() => {
      timer = undefined;
      if (again) send();
    }, EVERY_MS);
    timer.unref();
    pool.query("select pg_notify('inbox', '')").catch(() => undefined);
  }
  return {
    poke() {
      if (timer === undefined) send();
      else again = true;
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
