import { readFileSync } from 'node:fs';
import type { CompiledStrategy } from '../../src/core/rules/compile.ts';
import { readStrategy } from '../../src/strategies/read.ts';

/** A strategy out of bench/quality/strategies, read and compiled as any strategy. */
export function strategyFile(name: string): CompiledStrategy {
  const file = new URL(`./strategies/${name}.yaml`, import.meta.url);
  const read = readStrategy(readFileSync(file, 'utf8'), { fileName: `${name}.yaml`, currency: 'USD' });
  if (!read.ok)
    throw new Error(`${name}.yaml: ${read.problems.map((problem) => problem.message).join('; ')}`);
  return read.compiled;
}
