import type { Config } from '../config.ts';
import { wallNowMs } from '../wall-clock.ts';
import type { Ports } from './ports.ts';
import { readRunFile } from './run-file.ts';
import { temporalLinks } from './temporal-links.ts';

/** Where a person looks, from this machine. */
export interface Links {
  readonly page: string;
  /** Without a slash at the end; null when Temporal is not ours: its UI may be anywhere. */
  readonly temporalUi: string | null;
}

type Say = (line: string) => void;

export function linksOf(
  config: Config,
  place: { readonly ports: Ports; readonly temporalIsForeign: boolean },
): Links {
  const host = ['0.0.0.0', '::'].includes(config.httpHost) ? '127.0.0.1' : config.httpHost;
  return {
    page: `http://${host}:${place.ports.http}/`,
    temporalUi: place.temporalIsForeign ? null : `http://127.0.0.1:${place.ports.temporalUi}`,
  };
}

export function sayLinks(say: Say, links: Links): void {
  say(`  live page    ${links.page}`);
  if (links.temporalUi !== null) say(`  Temporal UI  ${links.temporalUi} (once the optimizer is ready)`);
}

/** The lists of Temporal UI that a newcomer opens first. */
export function sayTemporalLists(say: Say, links: Links, namespace: string): void {
  if (links.temporalUi === null) return;
  for (const { title, url } of temporalLinks(links.temporalUi, namespace, wallNowMs()).slice(0, 3)) {
    say(`  ${title.padEnd(20)} ${url}`);
  }
}

/** What a second `up` in the same data directory answers. */
export function sayRunsAlready(
  options: { readonly config: Config; readonly say: Say; readonly fresh: boolean },
  pid: number,
): void {
  const { config, say, fresh } = options;
  const run = readRunFile(config.dataDir);
  say(`Bidloop runs here already (process ${pid}); this start changes nothing.`);
  if (run !== null) sayLinks(say, linksOf(config, run));
  if (fresh) say('To begin anew, stop it first (Ctrl-C where it runs).');
}
