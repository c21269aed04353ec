import type { Score } from './score.ts';

const digits = (value: number | null | undefined, places: number): string =>
  value === null || value === undefined || !Number.isFinite(value) ? '–' : value.toFixed(places);

/** One scenario's figures for a terminal. */
export function textTable(scenario: string, scores: Readonly<Record<string, Score>>): string {
  const head = [
    '',
    'false pause',
    'θ≥1.25',
    'starved',
    '2×-losers',
    'stopped',
    'days',
    'capture',
    '1.3 T',
    'changes',
  ];
  const rows = Object.entries(scores).map(([policy, score]) => [
    policy,
    `${digits(score.falsePause, 3)} ±${digits(score.falsePauseSe, 3)}`,
    digits(score.falsePauseClear, 3),
    digits(score.starved, 3),
    `${digits(score.loserSpend, 1)} T`,
    digits(score.losersStopped, 2),
    digits(score.loserDays, 1),
    `${digits(score.capture, 3)} ±${digits(score.captureSe, 3)}`,
    digits(score.captureWithMargin, 2),
    digits(score.changesPerAdDay, 2),
    ...(score.atOneFast === undefined
      ? []
      : [`θ=1: ${digits(score.atOneFast, 3)} fast, ${digits(score.atOneSlow, 3)} slow`]),
  ]);
  const widths = head.map((_, at) => Math.max(...[head, ...rows].map((row) => (row[at] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ');
  return [`${scenario}`, line(head), ...rows.map(line)].join('\n');
}
