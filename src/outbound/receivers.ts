import { nearestWord } from '../core/nearest-word.ts';
import type { Destination } from './destination.ts';
import {
  type DestinationKind,
  FORWARDING_NAMES,
  requiredSettings,
  settingNames,
} from './destination-settings.ts';
import { PRESETS, type Preset, presetDestination } from './presets.ts';
import { MACRO } from './template.ts';

/** Something a destination can be made for. */
export interface Receiver {
  readonly id: string;
  readonly title: string;
  readonly kind: DestinationKind;
  readonly preset: Preset | null;
  /** Names of the settings that its operator can give, and of those that must be given. */
  readonly settings: readonly string[];
  readonly required: readonly string[];
  /** The secrets that it needs, for a person to read. */
  readonly secrets: string;
}

const OWN: readonly Receiver[] = (
  [
    [
      'url',
      'Anything that can be called by a URL',
      'template',
      'those that its address names as {secret.NAME}',
    ],
    ['meta', 'Meta Conversions API', 'meta', 'access_token'],
    ['tiktok', 'TikTok Events API', 'tiktok', 'access_token'],
    [
      'google',
      'Google Data Manager API',
      'google',
      'refresh_token, client_id and client_secret (or access_token, for an hour)',
    ],
    [
      'microsoft',
      'Microsoft Advertising offline conversions',
      'microsoft',
      'developer_token, refresh_token and client_id (or developer_token and access_token, for an hour)',
    ],
  ] as const
).map(([id, title, kind, secrets]) => ({
  id,
  title,
  kind,
  preset: null,
  settings: settingNames(kind),
  required: requiredSettings(kind),
  secrets,
}));

/** Everything a destination can be made for, in the order to show it. */
export const RECEIVERS: readonly Receiver[] = [
  ...OWN,
  ...PRESETS.map((preset) => ({
    id: preset.id,
    title: preset.title,
    kind: 'template' as const,
    preset,
    settings: Object.keys(preset.settings),
    required: Object.keys(preset.settings),
    secrets: [...preset.url.matchAll(/\{secret\.([\w-]+)\}/g)].map(([, name]) => name).join(', '),
  })),
];

export type Draft =
  | { readonly ok: true; readonly settings: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly message: string };

/** The settings of a new destination: what the operator said, over what the preset knows. */
export function draftSettings(receiver: Receiver, given: Readonly<Record<string, unknown>>): Draft {
  if (receiver.preset === null) return { ok: true, settings: given };
  const known = [...receiver.settings, ...settingNames(receiver.kind), ...FORWARDING_NAMES];
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const near = nearestWord(name, known);
    const there = near === null ? `there are ${known.join(', ')}.` : `did you mean ${near}?`;
    return { ok: false, message: `${receiver.title}: there is no setting "${name}"; ${there}` };
  }
  const own = Object.fromEntries(
    receiver.settings.flatMap((name) => (typeof given[name] === 'string' ? [[name, given[name]]] : [])),
  );
  const made = presetDestination(receiver.preset, { id: receiver.id, settings: own, secrets: {} });
  if (!made.ok) return made;
  const { url, needed, stages, success, loopMark } = made.destination;
  const others = Object.fromEntries(
    Object.entries(given).filter(([name]) => !receiver.settings.includes(name)),
  );
  return { ok: true, settings: { url, needed, stages, success, loopMark, ...others } };
}

/**
 * Names of the secrets without which nothing can be sent.
 *
 * @returns those that the destination does not have; a refresh token stands for an access token.
 */
export function missingSecrets(destination: Destination): readonly string[] {
  const has = (name: string): boolean => (destination.secrets[name] ?? '') !== '';
  const without = (...names: readonly string[]) => names.filter((name) => !has(name));
  switch (destination.kind) {
    case 'template':
      return without(...secretsNamed(destination));
    case 'meta':
    case 'tiktok':
      return without('access_token');
    case 'google':
      return has('refresh_token') ? without('client_id', 'client_secret') : without('access_token');
    case 'microsoft':
      return has('refresh_token')
        ? without('developer_token', 'client_id')
        : without('developer_token', 'access_token');
  }
}

/** Secrets that a template's texts ask for. */
function secretsNamed(destination: Extract<Destination, { kind: 'template' }>): readonly string[] {
  const { url, headers, body } = destination;
  const texts = [
    url,
    ...Object.values(headers),
    ...(body === null ? [] : body.kind === 'form' ? [body.template] : Object.values(body.members)),
  ];
  const names = texts.flatMap((text) => [...text.matchAll(MACRO)].map(([, name = '']) => name));
  return [
    ...new Set(
      names.filter((name) => name.startsWith('secret.')).map((name) => name.slice('secret.'.length)),
    ),
  ];
}
