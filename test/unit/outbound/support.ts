import type { OutboundConversion } from '../../../src/outbound/conversion.ts';
import type { TemplateDestination } from '../../../src/outbound/destination.ts';
import type { GuardRules } from '../../../src/outbound/guard.ts';
import { micros } from '../../../src/core/money.ts';

export const NOW = Date.UTC(2026, 10, 5, 12, 0, 0);

export const GUARD: GuardRules = {
  ownHosts: ['track.example.com'],
  ownAddresses: ['198.51.99.7'],
  allowed: [],
};

/** This installation's, in tests. */
export const MARK = '0b1d100b0b1d';

export const CONTEXT = { nowMs: NOW, guard: GUARD, mark: MARK };

const CONVERSION: OutboundConversion = {
  id: '01HCONV',
  sourceId: 'shop',
  event: 'purchase',
  status: 'approved',
  txid: 'A-17',
  amountMicros: micros(42_500_000),
  currency: 'USD',
  atMs: NOW - 3_600_000,
  clickedAtMs: NOW - 7_200_000,
  clickId: 'c0ffee',
  networkIds: new Map(),
  clickParams: new Map(),
  pageUrl: null,
  person: { emailSha256: null, phone: null, externalIdSha256: null, ip: null, userAgent: null },
  consent: { adUserData: null, adPersonalization: null },
  excluded: null,
  via: [],
  cameFromUs: false,
};

export function conversion(changes: Partial<OutboundConversion> = {}): OutboundConversion {
  return { ...CONVERSION, ...changes };
}

export const FORWARDING = {
  id: 'd-1',
  name: 'Partner',
  sources: null,
  events: null,
  stages: 'approved',
  consent: 'unless-denied',
  repeatsBy: 'conversion-id',
  secrets: {},
} as const;

/** Where each network's interface is, and what else is theirs alone. */
export const HOMES = {
  meta: { baseUrl: 'https://graph.facebook.com', userIds: 'any' },
  tiktok: { baseUrl: 'https://business-api.tiktok.com', userIds: 'any' },
  google: {
    baseUrl: 'https://datamanager.googleapis.com',
    tokenUrl: 'https://oauth2.googleapis.com/token',
    userIds: 'any',
  },
  microsoft: {
    baseUrl: 'https://campaign.api.bingads.microsoft.com',
    tokenUrl: 'https://login.microsoftonline.com/common/oauth2/v2.0/token',
  },
} as const;

export function template(changes: Partial<TemplateDestination> = {}): TemplateDestination {
  return {
    ...FORWARDING,
    kind: 'template',
    method: 'GET',
    url: 'https://partner.example.net/pb?cid={click_id}&payout={amount}&txid={txid}',
    headers: {},
    body: null,
    needed: [],
    keepEmpty: [],
    statusWords: {},
    success: { statuses: null, body: null },
    loopMark: 'header',
    ...changes,
  };
}
