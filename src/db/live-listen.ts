import type pg from 'pg';

/** Between attempts to listen again after the database went away. */
const AGAIN_MS = 2_000;

/**
 * Calls `onNews` whenever something was committed that the live page shows. Only a hint: a missed one costs a second,
 * because the tables are read anyway.
 *
 * @returns call it to stop and give the connection back.
 */
export function listenForNews(
  pool: pg.Pool,
  channels: readonly string[],
  onNews: () => void,
): () => Promise<void> {
  let stopped = false;
  let client: pg.PoolClient | undefined;
  let timer: NodeJS.Timeout | undefined;

  function again(): void {
    client?.release(true);
    client = undefined;
    if (!stopped) timer = setTimeout(() => void listen(), AGAIN_MS);
  }

  async function listen(): Promise<void> {
    try {
      const joined = await pool.connect();
      if (stopped) return joined.release();
      client = joined;
      joined.on('notification', onNews);
      joined.once('error', () => {
        if (client === joined) again();
      });
      for (const channel of channels) await joined.query(`listen ${channel}`);
    } catch {
      again();
    }
  }
  const first = listen();

  return async () => {
    stopped = true;
    clearTimeout(timer);
    await first;
    client?.release(true);
    client = undefined;
  };
}
