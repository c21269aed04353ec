import type { Kind } from '../../../../../src/sources/explain/guess-kind.ts';

/** One line as it may be seen on the wire, and what has to be read from it; null for what must not be. */
export interface WireLine {
  readonly kind: Kind;
  /** Whose it is, as a user would say; null for nobody saying it. */
  readonly source: string | null;
  readonly url?: string;
  readonly body?: string;
  readonly said: Readonly<
    Partial<
      Record<
        | 'clickId'
        | 'txid'
        | 'event'
        | 'status'
        | 'amount'
        | 'currency'
        | 'eventTime'
        | 'deviceId'
        | 'userId'
        | 'country'
        | 'visitorIp',
        string | null
      >
    >
  >;
  /** Where the text is not the value: ISO 8601. */
  readonly at?: string;
  /** In the currency's units. */
  readonly worth?: number;
}

export const inbound = (
  source: string | null,
  url: string,
  said: WireLine['said'],
  more: Partial<WireLine> = {},
): WireLine => ({
  kind: 'inbound_postback',
  source,
  url,
  said,
  ...more,
});
export const template = (source: string | null, url: string, said: WireLine['said']): WireLine => ({
  kind: 'outbound_template',
  source,
  url,
  said,
});
export const click = (source: string | null, url: string, clickId: string | null): WireLine => ({
  kind: 'click',
  source,
  url,
  said: { clickId },
});
export const posted = (
  source: string | null,
  body: unknown,
  said: WireLine['said'],
  more: Partial<WireLine> = {},
): WireLine => ({
  kind: 'inbound_postback',
  source,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  said,
  ...more,
});
