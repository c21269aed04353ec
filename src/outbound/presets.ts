import type { Stages, TemplateDestination } from './destination.ts';

/** A receiver whose address and rules are known. `<name>` in its address is something the operator says once. */
export interface Preset {
  readonly id: string;
  readonly title: string;
  readonly url: string;
  readonly needed: readonly string[];
  readonly stages: Stages;
  readonly success: TemplateDestination['success'];
  /** What each `<name>` is, for the person who fills it in. */
  readonly settings: Readonly<Record<string, string>>;
}

const ANY_2XX: TemplateDestination['success'] = { statuses: null, body: null };

const CLICK_PARAM = 'name of the parameter that carries their click id on our link';

/**
 * Postbacks of ad networks and trackers that are one URL. From: Taboola, "The Postback URL"; Outbrain, server-to-server
 * conversion tracking; MGID, postback help; ExoClick, "Conversion Tracking API"; TUNE, server postback tracking.
 */
export const PRESETS: readonly Preset[] = [
  {
    id: 'taboola',
    title: 'Taboola',
    // The parameter is click-id with a hyphen; the name is that of the conversion rule, in its case.
    url: 'https://trc.taboola.com/actions-handler/log/3/s2s-action?click-id={network.tblci}&name={event}&revenue={amount}&currency={currency}&orderid={txid}',
    needed: ['click-id', 'name'],
    stages: 'approved',
    success: ANY_2XX,
    settings: {},
  },
  {
    id: 'outbrain',
    title: 'Outbrain',
    url: 'https://tr.outbrain.com/unifiedPixel?ob_click_id={network.ob_click_id}&name={event}&orderValue={amount}&currency={currency}&orderId={txid}',
    needed: ['ob_click_id', 'name'],
    stages: 'approved',
    success: ANY_2XX,
    settings: {},
  },
  {
    id: 'mgid',
    title: 'MGID',
    url: 'https://a.mgid.com/postback?c={click.<param>}&e={event}&r={amount}',
    needed: ['c', 'e'],
    stages: 'approved',
    success: ANY_2XX,
    settings: { param: CLICK_PARAM },
  },
  {
    id: 'exoclick',
    title: 'ExoClick',
    // It refuses a repeat within 24 hours; the goal's id is 32 hex characters.
    url: 'https://<domain>/tag.php?goal=<goal>&tag={click.<param>}',
    needed: ['goal', 'tag'],
    stages: 'approved',
    success: {
      statuses: null,
      body: { begins: 'OK', repeats: ['This conversion has already been notified'] },
    },
    settings: { domain: 'host of the conversion URL', goal: 'goal id', param: CLICK_PARAM },
  },
  {
    id: 'tune',
    title: 'TUNE (HasOffers)',
    // Their transaction_id is the click id; adv_sub carries the order. Failures come with status 200.
    url: 'https://<domain>/aff_lsr?transaction_id={click.<param>}&amount={amount}&adv_sub={txid}&security_token={secret.security_token}',
    needed: ['transaction_id'],
    stages: 'approved',
    success: { statuses: [200], body: { begins: 'success=true', repeats: ['Duplicate conversion'] } },
    settings: { domain: 'tracking domain', param: CLICK_PARAM },
  },
];

export type PresetResult =
  | { readonly ok: true; readonly destination: TemplateDestination }
  | { readonly ok: false; readonly message: string };

/**
 * A destination from a preset and what the operator said. Its stages, events and consent are the careful defaults and
 * can be changed like any destination's.
 */
export function presetDestination(
  preset: Preset,
  own: {
    readonly id: string;
    readonly settings: Readonly<Record<string, string>>;
    readonly secrets: Readonly<Record<string, string>>;
  },
): PresetResult {
  let url = preset.url;
  for (const [name, meaning] of Object.entries(preset.settings)) {
    const value = Object.hasOwn(own.settings, name) ? (own.settings[name] ?? '') : '';
    // Host names, ids and parameter names alone: nothing that could end one part of an address and begin another.
    if (!/^[\w.-]{1,200}$/.test(value))
      return {
        ok: false,
        message: `${preset.title} needs "${name}": ${meaning}, letters, digits, dots and hyphens: --set ${name}=…`,
      };
    url = url.replaceAll(`<${name}>`, value);
  }
  return {
    ok: true,
    destination: {
      kind: 'template',
      id: own.id,
      name: preset.title,
      sources: null,
      events: null,
      stages: preset.stages,
      consent: 'unless-denied',
      repeatsBy: 'conversion-id',
      secrets: own.secrets,
      method: 'GET',
      url,
      headers: {},
      body: null,
      needed: preset.needed,
      keepEmpty: [],
      statusWords: {},
      success: preset.success,
      // These are no relays, and a parameter that nobody asked for is one more thing that could be refused.
      loopMark: 'header',
    },
  };
}
