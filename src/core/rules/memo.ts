import type { Evidence } from '../decision.ts';

/**
 * Things worked out once for each evidence and key, so that a rule, its explanation and the rules after it share them.
 * Keyed by the evidence object, which nobody changes; forgotten with it. What throws is not kept.
 */
export function perEvidence<T>(): (evidence: Evidence, key: string, make: () => T) => T {
  const all = new WeakMap<Evidence, Map<string, T>>();
  return (evidence, key, make) => {
    let known = all.get(evidence);
    if (known === undefined) all.set(evidence, (known = new Map()));
    let value = known.get(key);
    if (value === undefined) known.set(key, (value = make()));
    return value;
  };
}
