import { ARRIVED } from './arrived.ts';
import { ESTIMATED } from './estimated.ts';
import { FORECAST } from './forecast.ts';
import { PROVEN } from './proven.ts';
import type { Statistic } from './statistic.ts';
import { DUE, MATURED, PROBABILITY, SHRUNK } from './windowed.ts';

/** Functions of the rule language that belong together, by the word before the dot: `proven.cpaAbove`, `est.spend`. */
export const FAMILIES: ReadonlyMap<string, ReadonlyMap<string, Statistic>> = new Map([
  ['proven', PROVEN],
  ['due', DUE],
  ['forecast', FORECAST],
  ['shrunk', SHRUNK],
  ['matured', MATURED],
  ['probability', PROBABILITY],
  ['arrived', ARRIVED],
  ['est', ESTIMATED],
]);
