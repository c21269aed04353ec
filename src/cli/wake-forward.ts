import { createWakeForward } from '../runtime/wake-forward.ts';
import type { CliContext } from './command.ts';

/** Wakes the forwarders of workspaces; where no Temporal answers they look by themselves within minutes. */
export async function tryWakeForward(context: CliContext, workspaceIds: readonly string[]): Promise<void> {
  try {
    const wake = createWakeForward(await context.temporal());
    for (const id of new Set(workspaceIds)) await wake(id);
  } catch {
    context.note(
      'Nothing is running that sends: it goes out when the workers run (npm start), or within five minutes.',
    );
  }
}
