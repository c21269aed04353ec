import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../src/db/connection.ts';
import { createSafeDrain } from '../activities/drain-safely.ts';

/** What the worker's ingest activity does, without Temporal: empties the inbox until told to stop. */
const db = connect({ url: process.argv[2] ?? '', name: 'bench drain', max: 2 });
const drain = createSafeDrain({
  db,
  wallNowMs: () => Date.now(),
  onSetAside: ({ kind, id, error }) => {
    throw new Error(`${kind} ${id} was set aside`, { cause: error });
  },
});
let stopped = false;
let rows = 0;
process.on('message', () => {
  stopped = true;
});
process.send?.({ ready: true });
while (!stopped) {
  const drained = await drain.next('all');
  rows += drained.rows;
  if (drained.rows === 0) await sleep(20);
}
await db.destroy();
process.send?.({ rows }, () => process.disconnect());
