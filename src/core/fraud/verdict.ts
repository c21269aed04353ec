import type { Pattern } from './source-patterns.ts';
import type { SourceRow } from './source-report.ts';
import {
  type FoundSignal,
  type FraudPolicy,
  NEEDS_COMPANY,
  type Signal,
  STATISTICAL,
  type Treatment,
} from './signals.ts';

/** One reason of a verdict, with what the policy makes of it here. */
export interface FraudReason extends FoundSignal {
  readonly treatment: Treatment;
}

/** What becomes of a conversion. The text is one sentence, empty when nothing speaks against it. */
export interface FraudVerdict {
  readonly treatment: Treatment;
  readonly reasons: readonly FraudReason[];
  readonly text: string;
}

const STRENGTH: Readonly<Record<Treatment, number>> = { count: 0, quarantine: 1, exclude: 2 };

/**
 * The strictest treatment that the policy asks for and the evidence allows. A signal that needs company acts only beside another,
 * different signal; a statistical one only where its source may be excluded. Where a signal is held back its sentence says so.
 *
 * @param source the conversion's source in the current report; null when there is none.
 */
export function fraudVerdict(
  found: readonly FoundSignal[],
  policy: FraudPolicy,
  source: SourceRow | null = null,
): FraudVerdict {
  const all = [...found, ...(source === null ? [] : sourceSignals(source))];
  const reasons = all.map(({ signal, text }): FraudReason => {
    const wanted = policy[signal];
    if (wanted === 'count') return { signal, text, treatment: 'count' };
    if (NEEDS_COMPANY.has(signal) && all.every((other) => other.signal === signal)) {
      return { signal, text: `${text} (one signal alone keeps nothing out)`, treatment: 'count' };
    }
    if (STATISTICAL.has(signal) && !source?.mayExclude) {
      const held = `${text} (fewer than two patterns fail: not enough to keep conversions out)`;
      return { signal, text: held, treatment: 'count' };
    }
    return { signal, text, treatment: wanted };
  });
  const treatment = reasons.reduce<Treatment>(
    (strictest, reason) => (STRENGTH[reason.treatment] > STRENGTH[strictest] ? reason.treatment : strictest),
    'count',
  );
  return { treatment, reasons, text: sentence(treatment, reasons) };
}

/** The patterns that a source fails, as signals of its conversions. */
export function sourceSignals(source: SourceRow): readonly FoundSignal[] {
  return source.patterns.flatMap((found): readonly FoundSignal[] =>
    found.tested && found.failing
      ? [{ signal: SIGNAL_OF[found.pattern], text: `of ${source.source}, ${found.text}` }]
      : [],
  );
}

const SIGNAL_OF: Readonly<Record<Pattern, Signal>> = {
  injection: 'source_injection',
  late_flat_tail: 'source_flooding',
  clicks_per_install: 'source_flooding',
  narrow_cluster: 'source_bots',
  rejections: 'source_rejections',
};

function sentence(treatment: Treatment, reasons: readonly FraudReason[]): string {
  if (reasons.length === 0) return '';
  const deciding = reasons.filter((reason) => reason.treatment === treatment).map((reason) => reason.text);
  switch (treatment) {
    case 'count':
      return `counted, though ${deciding.join('; ')}`;
    case 'quarantine':
      return `kept apart: ${deciding.join('; ')}`;
    case 'exclude':
      return `not counted: ${deciding.join('; ')}`;
  }
}
