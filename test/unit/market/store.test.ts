import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { folderStore } from '../../../src/sandbox/store.ts';
import { control, testSandbox } from '../../support/sandbox.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'sandbox-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a sandbox that is killed', () => {
  it('knows every write it accepted, also those newer than its last snapshot', async () => {
    const first = await testSandbox({ store: folderStore(folder) });
    const [campaign, second] = first.world.settings;
    const snapshot = path.join(folder, 'snapshot.json');
    const before = readFileSync(snapshot, 'utf8');
    await control(first, 'human-edit', { id: campaign?.id, status: 'PAUSED' });
    await first.close();
    // A kill: the newest snapshot is from before the write, and a record was cut short that nobody was answered.
    writeFileSync(snapshot, before);
    appendFileSync(path.join(folder, 'writes.jsonl'), `{"seq":2,"id":"${second?.id}","chang`);

    const again = await testSandbox({ store: folderStore(folder) });
    expect(again.world.writes).toHaveLength(1);
    expect(again.world.settings[0]).toMatchObject({ status: 'PAUSED' });
    expect(again.world.settings[1]).toMatchObject({ status: 'ACTIVE' });
    await again.close();
  });

  it('begins anew beside the state of another seed', async () => {
    const first = await testSandbox({ store: folderStore(folder) });
    await control(first, 'human-edit', { id: first.world.settings[0]?.id, status: 'PAUSED' });
    await first.close();
    const store = folderStore(folder);
    const other = {
      ...store,
      load: () => ({
        ...store.load(),
        snapshot: { version: 1, installation: 'another', world: first.world, visitors: null },
      }),
    };
    const again = await testSandbox({ store: other });
    expect(again.world.settings[0]).toMatchObject({ status: 'ACTIVE' });
    expect(folderStore(folder).load().writes).toEqual([]);
    await again.close();
  });
});
