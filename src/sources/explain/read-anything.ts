import { fieldsOf } from '../profiles/dialect.ts';
import { generic } from '../profiles/generic.ts';
import { readMoney } from '../money.ts';
import type { Fields } from '../pick-fields.ts';
import { emptyParams, type Params, readBody, readPairs } from '../params.ts';
import type { Field, SourceProfile, SourceSettings } from '../profile.ts';
import { type PostbackReading, readPostback } from '../read-postback.ts';
import { readTime } from '../times.ts';
import type { AppleOutcome } from '../apple/outcome.ts';
import { VIA_PARAM } from '../via.ts';
import { adjustCallbacks } from './adjust-callbacks.ts';
import { appleOutcome, asApple } from './apple-said.ts';
import { type ClickIdFound, clickIdsIn } from './click-ids.ts';
import { guessKind, type Kind } from './guess-kind.ts';
import { isNameOfOtherThing, macrosIn } from './macro-tokens.ts';
import { nearMisses, type NearMiss } from './near-misses.ts';
import { pathFields } from './path-facts.ts';
import { profileNamed, recognise } from './recognise.ts';
import type { SaidFields } from './said.ts';
import { saidInPostback } from './said-in-postback.ts';
import { saidInTemplate } from './said-in-template.ts';
import { segmentsOf, type SplitAddress, splitAddress } from './split-address.ts';

/** Something from the wire, or meant for it. */
export interface Given {
  /** Inbound or outbound postback address, template, click address, or a query alone. */
  readonly address?: string;
  /** A request's body, or a cookie jar, as text. */
  readonly body?: string;
  readonly contentType?: string;
  /** Whose words it speaks, where the user says so; not necessarily one we know. */
  readonly source?: string;
  readonly kind?: Kind;
  /** The source it would come to, with its profile as its settings make it: comes before `source`. */
  readonly target?: {
    readonly id: string;
    readonly profile: SourceProfile;
    readonly settings: SourceSettings;
  };
  /** Workspace time, ms. */
  readonly nowMs: number;
}

export interface Explanation {
  readonly kind: Kind;
  readonly source: {
    readonly id: string;
    readonly title: string;
    /** `named` by the user, `recognised` by signs, or `common` names only. */
    readonly how: 'named' | 'recognised' | 'common';
    readonly because: readonly string[];
  };
  readonly said: SaidFields;
  /** Of a click: every id in it, the one that counts first. */
  readonly clickIds: readonly ClickIdFound[];
  /** What the texts mean; null where nothing was said or it cannot be read. */
  readonly amountMicros: number | null;
  readonly currency: string | null;
  readonly eventAtMs: number | null;
  /** What ingest makes of it; null for templates and clicks, which nobody sends to us. */
  readonly postback: PostbackReading | null;
  /** What Apple's own addresses would make of it; null for what is no postback of Apple's, or named as somebody's. */
  readonly apple: Exclude<AppleOutcome, { readonly kind: 'not_apple' }> | null;
  readonly warnings: readonly string[];
  readonly nearMisses: readonly NearMiss[];
  /** Parameters that no field is read from. */
  readonly unread: readonly string[];
}

/**
 * Reads whatever a user pastes: says whose it looks like, what each field holds, and what is odd. Pure, and never
 * throws: any text has a reading, if only an empty one.
 */
export function readAnything(given: Given): Explanation {
  const text = given.address ?? '';
  const address = splitAddress(text, given.kind === 'inbound_postback' ? 'sent' : 'template');
  const params = emptyParams();
  readPairs(address.query, params);
  const warnings = bodyWarnings(given, params);
  if (address.missingMark) warnings.push('missing_question_mark');
  const named = given.target?.profile ?? (given.source === undefined ? null : profileNamed(given.source));
  const seen = recognise(address, params);
  const profile = named ?? seen.profile;
  const kind = given.kind ?? guessKind({ address, params, profile });
  const clickIds =
    kind === 'click'
      ? clickIdsIn(
          params,
          address.fragment,
          given.source ?? null,
          named === null ? [profile] : [named, seen.profile],
        )
      : [];
  const said = saidOf({ kind, params, address, profile, seen: seen.profile, clickIds, warnings });
  const values = valuesOf(said, profile, warnings);
  const explanation: Explanation = {
    kind,
    apple: null,
    source: {
      id: profile.id,
      title: profile.title,
      how: named !== null ? 'named' : seen.because.length > 0 ? 'recognised' : 'common',
      because: named === null ? seen.because : [],
    },
    said,
    clickIds,
    ...values,
    eventAtMs: clickIds[0]?.atMs ?? values.eventAtMs ?? clickTimeOf(kind, said, profile),
    postback: kind === 'inbound_postback' ? ingestReading(params, profile, given) : null,
    warnings: [...new Set([...params.warnings, ...warnings])],
    nearMisses: nearMisses(params, profile),
    unread: [...params.values.keys()].filter(
      (name) =>
        name !== VIA_PARAM &&
        !fieldsOf(profile).some((field) => said[field]?.name === name || profile.names[field].includes(name)),
    ),
  };
  const apple = named === null && kind === 'inbound_postback' ? appleOutcome(params) : null;
  return apple === null ? explanation : asApple(explanation, params, apple);
}

/** A macro that stands for a number in a JSON template, where quotes would make it a text: `"amount": {payout}`. */
const BARE_MACRO =
  /([:,[]\s{0,20})(\{{1,3}[\w.$@#-]{1,60}\}{1,3}|\$\{[\w.-]{1,60}\}|\[[A-Za-z_]\w{0,60}\]|<\w{1,60}>|[#%@]\w{1,60}[#%@])(?=\s{0,20}[,}\]])/g;

function bodyWarnings(given: Given, params: Params): string[] {
  if (given.body === undefined) return [];
  const read = (text: string) => readBody(Buffer.from(text), given.contentType ?? '', params);
  const problem = read(given.body);
  if (problem === null) return [];
  // What is sent has to be JSON; what is still to be filled in need not be.
  if (problem !== 'broken_json' || given.kind === 'inbound_postback') return [problem];
  const quoted = given.body.replaceAll(BARE_MACRO, '$1"$2"');
  return quoted !== given.body && read(quoted) === null ? [] : [problem];
}

interface Scene {
  readonly kind: Kind;
  readonly params: Params;
  readonly address: SplitAddress;
  readonly profile: SourceProfile;
  readonly seen: SourceProfile;
  readonly clickIds: readonly ClickIdFound[];
  readonly warnings: string[];
}

function saidOf(scene: Scene): SaidFields {
  const { kind, params, profile, seen, clickIds, address } = scene;
  if (kind === 'click') {
    const [chosen] = clickIds;
    const rest = saidInTemplate(params, [profile]);
    delete rest.clickId;
    if (chosen !== undefined && !isNameOfOtherThing(chosen.name)) return { ...rest, clickId: chosen };
    // A callback on an Adjust link says which macro is the click: better than a sub id in the place of an ad group.
    const byCallback = callbackSaid(address.query).clickId ?? chosen;
    return byCallback === undefined ? rest : { ...rest, clickId: byCallback };
  }
  const said =
    kind === 'inbound_postback'
      ? saidInPostback(params, profile, scene.warnings)
      : saidInTemplate(params, seen === profile ? [profile] : [profile, seen]);
  const byPath = pathFields(segmentsOf(address.path));
  // A path's word for what happened says more than a status.
  if (said.event?.place === 'status' && byPath.event !== undefined) delete said.event;
  for (const field of fieldsOf(profile)) {
    const found = byPath[field];
    if (found !== undefined) said[field] ??= found;
  }
  if (said.event === undefined && said.status !== undefined) said.event = { ...said.status, place: 'status' };
  addNested(said, address.query);
  return said;
}

/** Callbacks of Adjust ride on other addresses: which events they are for, and what is in them. */
function addNested(said: SaidFields, query: string): void {
  const [callback] = adjustCallbacks(query);
  if (callback === undefined) return;
  said.event = { name: callback.name, value: callback.events.join('|'), place: 'nested' };
  const inner = callbackSaid(query);
  for (const field of ['clickId', 'txid', 'amount', 'currency', 'eventTime'] as const) {
    const found = inner[field];
    if (found !== undefined) said[field] ??= found;
  }
}

/** What stands in the first callback of an address. */
function callbackSaid(query: string): SaidFields {
  const [callback] = adjustCallbacks(query);
  if (callback === undefined) return {};
  const inner = emptyParams();
  readPairs(splitAddress(callback.address, 'template').query, inner);
  const said = saidInTemplate(inner, []);
  for (const field of fieldsOf(generic)) {
    const found = said[field];
    if (found !== undefined) said[field] = { ...found, place: 'nested' };
  }
  return said;
}

/** The texts as values, where they are any: a macro has none. */
function valuesOf(
  said: SaidFields,
  profile: SourceProfile,
  warnings: string[],
): Pick<Explanation, 'amountMicros' | 'currency' | 'eventAtMs'> {
  const isMacro = (field: Field): boolean => macrosIn(said[field]?.value ?? '').length > 0;
  const fields: Fields = {};
  for (const field of ['amount', 'currency'] as const) {
    const found = said[field];
    if (found !== undefined && !isMacro(field)) fields[field] = found;
  }
  const money = readMoney(fields, profile, warnings);
  const time = said.eventTime;
  return {
    amountMicros: money.micros,
    currency: money.currency,
    eventAtMs: time === undefined || isMacro('eventTime') ? null : (readTime(time.value, profile) ?? null),
  };
}

/** A click's own time, where it is all there is. */
function clickTimeOf(kind: Kind, said: SaidFields, profile: SourceProfile): number | null {
  const text = kind === 'click' ? said.clickTime?.value : undefined;
  return text === undefined ? null : (readTime(text, profile) ?? null);
}

function ingestReading(params: Params, profile: SourceProfile, given: Given): PostbackReading {
  return readPostback(params, {
    sourceId: given.target?.id ?? given.source ?? profile.id,
    profile,
    settings: given.target?.settings ?? { currency: 'USD' },
    nowMs: given.nowMs,
  });
}
