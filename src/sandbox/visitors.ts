import { Agent } from 'node:http';
import axios, { type AxiosInstance } from 'axios';
import type { Visit } from './market/market.ts';
import type { MarketPlan } from './market/plan.ts';
import { PURPOSE, stream } from './market/random.ts';

const HOUR_MS = 3_600_000;
const MAX_WAITING = 20_000;
const PARALLEL = 12;
const MACRO = /\{\{([\w.]+)\}\}/g;
const UNEXPANDED_SHARE = 0.005;
const DUPLICATE_SHARE = 0.02;
const LATE_SHARE = 0.01;
/** Wall milliseconds between a tracker's attempts; after the last it keeps trying at that pace for a day. */
const RETRY_MS: readonly number[] = [1_000, 5_000, 15_000, 30_000, 60_000];

export interface TrackingTarget {
  /** Our redirect, up to the query: "http://127.0.0.1:8080/c/sample". */
  readonly clickUrl: string;
  /** Where conversions are reported, key included. */
  readonly postbackUrl: string;
  /** Query of the link as set up at the network, with its macros. */
  readonly urlTags: string;
}

/** A purchase that will be reported, or is being reported again. */
export interface PendingPostback {
  readonly clickId: string;
  readonly txid: string;
  readonly valueMicros: number;
  readonly boughtMs: number;
  /** Market instant from which it may be sent. */
  readonly dueMs: number;
  attempts: number;
  /** Wall instant of the next attempt. */
  notBeforeWallMs: number;
}

export interface VisitorsState {
  readonly visits: (Visit & { attempts?: number })[];
  readonly postbacks: PendingPostback[];
}

export interface VisitorsCount {
  visited: number;
  lost: number;
  postbacksSent: number;
  postbacksRefused: number;
}

/**
 * Sends simulated people through the real redirect and their purchases back as real postbacks, as browsers and
 * trackers do: a visitor tries a few times and gives up, a tracker keeps trying for a day.
 */
export class Visitors {
  readonly state: VisitorsState;
  readonly count: VisitorsCount = { visited: 0, lost: 0, postbacksSent: 0, postbacksRefused: 0 };
  readonly #target: TrackingTarget;
  readonly #plan: MarketPlan;
  readonly #seed: number;
  readonly #tag: string;
  readonly #http: AxiosInstance;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: PARALLEL * 2 });
  #visiting = 0;
  #reporting = 0;
  #closed = false;

  /** @param options.tag part of transaction and click ids, for accounts whose visitors are the same people. */
  constructor(options: {
    target: TrackingTarget;
    plan: MarketPlan;
    seed: number;
    tag?: string;
    state?: VisitorsState;
  }) {
    this.#target = options.target;
    this.#plan = options.plan;
    this.#seed = options.seed;
    this.#tag = options.tag ?? '';
    this.state = options.state ?? { visits: [], postbacks: [] };
    this.#http = axios.create({
      timeout: 10_000,
      maxRedirects: 0,
      proxy: false,
      httpAgent: this.#agent,
      validateStatus: () => true,
      // The body of a landing page or a tracker's answer is of no interest here.
      responseType: 'text',
    });
  }

  /** New visitors from the market. Beyond a bound the oldest waiting ones are given up, as a crowd at a shut door would. */
  admit(visits: readonly Visit[]): void {
    this.state.visits.push(...visits);
    const surplus = this.state.visits.length - MAX_WAITING;
    if (surplus > 0) this.count.lost += this.state.visits.splice(0, surplus).length;
  }

  /** Starts what is due; returns at once. */
  pump(marketNowMs: number, wallNowMs: number): void {
    while (!this.#closed && this.#visiting < PARALLEL) {
      const visit = this.state.visits.shift();
      if (!visit) break;
      this.#visiting += 1;
      void this.#visit(visit).finally(() => {
        this.#visiting -= 1;
      });
    }
    for (let at = 0; at < this.state.postbacks.length && !this.#closed && this.#reporting < PARALLEL;) {
      const postback = this.state.postbacks[at];
      if (postback && postback.dueMs <= marketNowMs && postback.notBeforeWallMs <= wallNowMs) {
        this.state.postbacks.splice(at, 1);
        this.#reporting += 1;
        void this.#report(postback, wallNowMs).finally(() => {
          this.#reporting -= 1;
        });
      } else at += 1;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const until = 40;
    for (let round = 0; round < until && this.#visiting + this.#reporting > 0; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    this.#agent.destroy();
  }

  async #visit(visit: Visit & { attempts?: number }): Promise<void> {
    const draw = stream(this.#seed, visit.ad, PURPOSE.wire, hashKey(visit.key));
    const names = [...this.#target.urlTags.matchAll(MACRO)].map((match) => match[1] ?? '');
    const unexpanded = draw() < UNEXPANDED_SHARE ? (names[Math.floor(draw() * names.length)] ?? null) : null;
    try {
      const answer = await this.#http.get(`${this.#target.clickUrl}?${this.#query(visit, unexpanded)}`, {
        headers: { 'user-agent': 'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (simulated visitor)' },
      });
      const location = String(answer.headers['location'] ?? '');
      const clickId = clickIdIn(location);
      if (answer.status >= 500 || clickId === null)
        throw new Error(`no click id in the redirect (${answer.status})`);
      this.count.visited += 1;
      if (visit.purchase) this.#schedule(visit, visit.purchase, clickId, draw);
    } catch {
      const attempts = (visit.attempts ?? 0) + 1;
      if (attempts >= 5) this.count.lost += 1;
      else setTimeout(() => this.state.visits.push({ ...visit, attempts }), 500 * attempts).unref();
    }
  }

  #schedule(
    visit: Visit,
    purchase: { atMs: number; valueMicros: number },
    clickId: string,
    draw: () => number,
  ): void {
    const late = draw() < LATE_SHARE ? 3 * HOUR_MS * draw() : 0;
    const postback: PendingPostback = {
      clickId,
      txid: `order-${this.#tag}${this.#seed}-${visit.key}`,
      valueMicros: purchase.valueMicros,
      boughtMs: purchase.atMs,
      dueMs: purchase.atMs + late,
      attempts: 0,
      notBeforeWallMs: 0,
    };
    this.state.postbacks.push(postback);
    // Trackers do repeat themselves; the second one is to be told so, not counted.
    if (draw() < DUPLICATE_SHARE) this.state.postbacks.push({ ...postback, dueMs: postback.dueMs + 60_000 });
  }

  async #report(postback: PendingPostback, wallNowMs: number): Promise<void> {
    const query = new URLSearchParams({
      click_id: postback.clickId,
      event: 'purchase',
      txid: postback.txid,
      amount: (postback.valueMicros / 1_000_000).toFixed(2),
      currency: this.#plan.currency,
      event_time: String(Math.floor(postback.boughtMs / 1_000)),
    });
    const joint = this.#target.postbackUrl.includes('?') ? '&' : '?';
    let status = 0;
    try {
      status = (await this.#http.get(`${this.#target.postbackUrl}${joint}${query.toString()}`)).status;
    } catch {
      // No answer at all: try again like any tracker.
    }
    if (status === 0 || status === 429 || status >= 500) {
      const waitMs = RETRY_MS[Math.min(postback.attempts, RETRY_MS.length - 1)] ?? 60_000;
      if (postback.attempts > 1_440) this.count.lost += 1;
      else
        this.state.postbacks.push({
          ...postback,
          attempts: postback.attempts + 1,
          notBeforeWallMs: wallNowMs + waitMs,
        });
      return;
    }
    this.count.postbacksSent += 1;
    if (status >= 400 && status !== 409) this.count.postbacksRefused += 1;
  }

  /** The link's query with the network's macros filled in; now and then one is left as it stands, as at the network. */
  #query(visit: Visit, unexpanded: string | null): string {
    const ad = this.#plan.ads[visit.ad];
    const adset = ad && this.#plan.adsets[ad.adset];
    const campaign = adset && this.#plan.campaigns[adset.campaign];
    const values: Record<string, string | undefined> = {
      'campaign.id': campaign?.id,
      'campaign.name': campaign?.name,
      'adset.id': adset?.id,
      'adset.name': adset?.name,
      'ad.id': ad?.id,
      'ad.name': ad?.name,
      placement: 'Instagram_Stories',
      site_source_name: 'ig',
    };
    const filled = this.#target.urlTags.replace(MACRO, (macro, name: string) => {
      if (name === unexpanded) return encodeURIComponent(macro);
      return encodeURIComponent(values[name] ?? '');
    });
    // The network appends its own click id by itself.
    return `${filled}&fbclid=IwSim${this.#tag}${this.#seed}x${visit.key.replaceAll('-', 'x')}`;
  }
}

function clickIdIn(location: string): string | null {
  try {
    const url = new URL(location, 'http://relative.invalid');
    return url.searchParams.get('click_id') || null;
  } catch {
    return null;
  }
}

function hashKey(key: string): number {
  let hash = 0;
  for (const letter of key) hash = (Math.imul(hash, 31) + (letter.codePointAt(0) ?? 0)) >>> 0;
  return hash;
}
