import { describe, expect, it } from 'vitest';
import { createEngineReader, engineView } from '../../../src/http/engine-view.ts';
import type { Status } from '../../../src/runtime/status-file.ts';

const none = { rows: 0, oldestSeconds: 0 };

function status(optimizer: Status['optimizer'], updatedAtMs = 1_000_000): Status {
  return { updatedAtMs, parts: [], optimizer, links: { page: null, temporalUi: 'http://127.0.0.1:8233/' } };
}

describe('what the page says about the engine', () => {
  it('promises a time only when there is one', () => {
    const facts = {
      ready: false,
      doing: 'finding Temporal',
      secondsLeft: null,
      progress: null,
      problem: null,
      temporalUi: null,
    };
    expect(engineView(facts, none).sentence).toBe(
      'Postbacks are kept safely, not yet judged. The optimizer is getting ready.',
    );
    expect(engineView({ ...facts, secondsLeft: 160 }, none).sentence).toBe(
      'Postbacks are kept safely, not yet judged. Optimizer ready in about 2:40.',
    );
  });

  it('says what a person must do when it cannot start', () => {
    const view = engineView(
      {
        ready: false,
        doing: null,
        secondsLeft: null,
        progress: null,
        problem: 'No Go and no Temporal.',
        temporalUi: null,
      },
      none,
    );
    expect([view.problem, view.detail]).toEqual([true, 'No Go and no Temporal.']);
  });

  it('notices that nobody judges, but not a moment’s work', () => {
    expect(engineView(null, { rows: 900, oldestSeconds: 3 }).ready).toBe(true);
    const view = engineView(null, { rows: 1_200, oldestSeconds: 95 });
    expect(view.sentence).toBe('Postbacks are kept safely, but 1,200 wait, the oldest for 1:35.');
    expect(view.ready).toBe(false);
  });
});

describe('the starter’s status', () => {
  it('tells what keeps it together with the ways out', () => {
    const stuck = status({
      state: 'unavailable',
      text: 'the optimizer needs a Temporal server',
      next: 'Put `temporal` on the PATH.',
      secondsLeft: null,
    });
    const facts = createEngineReader(
      () => stuck,
      () => 1_000_000,
    )();
    expect(engineView(facts, none)).toMatchObject({
      problem: true,
      detail: 'The optimizer needs a Temporal server. Put `temporal` on the PATH.',
    });
  });

  it('moves the bar forward only, also when the estimate grows', () => {
    let now = status({ state: 'preparing', text: '', next: '', secondsLeft: 100 });
    const read = createEngineReader(
      () => now,
      () => 1_000_000,
    );
    const progress = [100, 50, 200, 100, 0].map((secondsLeft) => {
      now = status({ state: 'preparing', text: '', next: '', secondsLeft });
      return read()?.progress;
    });
    expect(progress).toEqual([0, 0.5, 0.5, 0.5, 1]);
  });

  it('is not believed when its writer is gone, except that it was ready', () => {
    const old = status({ state: 'preparing', text: 'building', next: '', secondsLeft: 100 }, 0);
    expect(
      createEngineReader(
        () => old,
        () => 1_000_000,
      )(),
    ).toBeNull();
    const ready = status({ state: 'ready', text: '', next: '', secondsLeft: null }, 0);
    expect(
      createEngineReader(
        () => ready,
        () => 1_000_000,
      )(),
    ).toMatchObject({
      ready: true,
      temporalUi: 'http://127.0.0.1:8233',
    });
  });
});
