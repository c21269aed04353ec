import { adjust } from './profiles/adjust.ts';
import { admitad } from './profiles/admitad.ts';
import { adsterra } from './profiles/adsterra.ts';
import { affise } from './profiles/affise.ts';
import { airbridge } from './profiles/airbridge.ts';
import { appmetrica } from './profiles/appmetrica.ts';
import { appsflyer } from './profiles/appsflyer.ts';
import { awin } from './profiles/awin.ts';
import { bemob } from './profiles/bemob.ts';
import { binom } from './profiles/binom.ts';
import { branch } from './profiles/branch.ts';
import { cake } from './profiles/cake.ts';
import { cj } from './profiles/cj.ts';
import { clickbank } from './profiles/clickbank.ts';
import { clickflare } from './profiles/clickflare.ts';
import { everflow } from './profiles/everflow.ts';
import { exoclick } from './profiles/exoclick.ts';
import { generic } from './profiles/generic.ts';
import { hilltopads } from './profiles/hilltopads.ts';
import { impact } from './profiles/impact.ts';
import { keitaro } from './profiles/keitaro.ts';
import { kochava } from './profiles/kochava.ts';
import { mediago } from './profiles/mediago.ts';
import { mgid } from './profiles/mgid.ts';
import { newsbreak } from './profiles/newsbreak.ts';
import { offer18 } from './profiles/offer18.ts';
import { offerwall } from './profiles/offerwall.ts';
import { outbrain } from './profiles/outbrain.ts';
import { peerclick } from './profiles/peerclick.ts';
import { postaffiliatepro } from './profiles/postaffiliatepro.ts';
import { propellerads } from './profiles/propellerads.ts';
import { prosper202 } from './profiles/prosper202.ts';
import { rakuten } from './profiles/rakuten.ts';
import { redtrack } from './profiles/redtrack.ts';
import { revcontent } from './profiles/revcontent.ts';
import { richads } from './profiles/richads.ts';
import { shopify } from './profiles/shopify.ts';
import { singular } from './profiles/singular.ts';
import { taboola } from './profiles/taboola.ts';
import { tapstream } from './profiles/tapstream.ts';
import { tenjin } from './profiles/tenjin.ts';
import { trackier } from './profiles/trackier.ts';
import { tradetracker } from './profiles/tradetracker.ts';
import { trafficjunky } from './profiles/trafficjunky.ts';
import { trafficstars } from './profiles/trafficstars.ts';
import { tune } from './profiles/tune.ts';
import { voluum } from './profiles/voluum.ts';
import { zeropark } from './profiles/zeropark.ts';
import { zeydoo } from './profiles/zeydoo.ts';
import type { SourceProfile } from './profile.ts';

const PROFILES: ReadonlyMap<string, SourceProfile> = new Map(
  [
    generic,
    appsflyer,
    adjust,
    branch,
    singular,
    kochava,
    tenjin,
    appmetrica,
    airbridge,
    tapstream,
    voluum,
    redtrack,
    binom,
    keitaro,
    bemob,
    clickflare,
    peerclick,
    tune,
    everflow,
    affise,
    cake,
    offer18,
    trackier,
    impact,
    awin,
    cj,
    rakuten,
    admitad,
    tradetracker,
    clickbank,
    shopify,
    prosper202,
    postaffiliatepro,
    taboola,
    outbrain,
    mgid,
    propellerads,
    exoclick,
    trafficstars,
    mediago,
    zeropark,
    zeydoo,
    revcontent,
    newsbreak,
    adsterra,
    hilltopads,
    richads,
    trafficjunky,
    offerwall,
  ].map((profile) => [profile.id, profile]),
);

/** Every sender's dialect known here, in the order to show them. */
export function sourceProfiles(): readonly SourceProfile[] {
  return [...PROFILES.values()];
}

export function sourceProfile(id: string): SourceProfile | undefined {
  return PROFILES.get(id);
}
