import { isDeepStrictEqual } from 'node:util';
import type { Command } from 'commander';
import { decide, ENGINE_VERSION } from '../core/decide.ts';
import type { Decision } from '../core/decision.ts';
import type { Db } from '../db/connection.ts';
import {
  type DecisionRecord,
  findDecisionOf,
  findLastChange,
  findLastDecision,
  findObject,
  findObjects,
  loadDecisionRecord,
  loadEvaluations,
  type ObjectRecord,
} from '../db/explain.ts';
import { loadStrategyVersion } from '../db/strategy.ts';
import { OperatorError } from '../errors.ts';
import { decisionLink } from '../runtime/temporal-links.ts';
import type { CliContext } from './command.ts';
import { explainText, type Explanation, type Recomputed } from './explain-text.ts';

/** `explain <object|decision|last>`: what was seen, concluded and done; if nothing, why not and what was nearest. */
export function register(program: Command, context: CliContext): void {
  program
    .command('explain')
    .description('why an object was changed, or why it was not')
    .argument('<what>', 'an object by name or network id, a decision by id, or "last"')
    .addHelpText(
      'after',
      '\nExamples:\n  ./bidloop explain last\n  ./bidloop explain "Zen C"\n  ./bidloop explain 23850000000000001 --json',
    )
    .action(async (what: string) => {
      const explanation = await explain(await context.db(), what);
      const ui = context.temporalUi();
      const link =
        ui === null || explanation.decision?.workflowStarted !== true
          ? null
          : decisionLink(ui, context.config.temporalNamespace, explanation.decision.id);
      context.print({ ...explanation, link }, explainText(explanation, link));
    });
}

/** @throws OperatorError when nothing of that name is known, or several things are. */
export async function explain(db: Db, what: string): Promise<Explanation> {
  const { object, decisionId } = await resolve(db, what);
  const decision = decisionId === undefined ? undefined : await loadDecisionRecord(db, decisionId);
  return {
    object,
    decision,
    recomputed: decision === undefined ? 'not_computed' : await recompute(db, decision),
    lastChange:
      decision === undefined || decision.verdict === 'keep' ? await findLastChange(db, object.id) : undefined,
    evaluations: await loadEvaluations(db, object.id),
  };
}

async function resolve(
  db: Db,
  what: string,
): Promise<{ object: ObjectRecord; decisionId: string | undefined }> {
  if (what === 'last') {
    const last = await findLastDecision(db);
    if (last === undefined) {
      throw new OperatorError('nothing_decided', 'nothing has been decided yet', {
        next: 'Name an object to see why it stays: `./bidloop explain "<name>"`.',
      });
    }
    return { object: await known(db, last.objectId), decisionId: last.id };
  }
  const record = await loadDecisionRecord(db, what);
  if (record !== undefined) return { object: await known(db, record.objectId), decisionId: record.id };
  const found = await findObjects(db, what);
  const [object] = found;
  if (object === undefined) {
    throw new OperatorError(
      'unknown_object',
      `no campaign, ad set, ad, creative or decision is called "${what}"`,
      {
        next: 'Use its name or its id at the network, or a decision id; a new object is known once its account has been read.',
      },
    );
  }
  if (found.length > 1) {
    const list = found
      .map((one) => `  ${one.networkId}  ${one.name} (${one.level}, ${one.accountName})`)
      .join('\n');
    throw new OperatorError('ambiguous_object', `"${what}" is the name of several objects:\n${list}`, {
      next: 'Use the id at the network.',
    });
  }
  return { object, decisionId: (await findDecisionOf(db, object.id))?.id };
}

async function known(db: Db, id: ObjectRecord['id']): Promise<ObjectRecord> {
  const object = await findObject(db, id);
  if (object === undefined) throw new Error(`object ${id} of a decision is missing`);
  return object;
}

async function recompute(db: Db, decision: DecisionRecord): Promise<Recomputed> {
  if (decision.stored === null) return 'not_computed';
  if (decision.engineVersion !== ENGINE_VERSION) return 'other_engine';
  const strategy = await loadStrategyVersion(db, decision.strategyId, decision.strategyVersion);
  if (strategy === undefined) return 'not_computed';
  const again: Decision = decide(strategy.compiled, decision.stored.input);
  // Through JSON, as the stored one went: an absent field and an undefined one are the same there.
  return isDeepStrictEqual(JSON.parse(JSON.stringify(again)), decision.stored.output) ? 'same' : 'differs';
}
