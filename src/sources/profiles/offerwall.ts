import { dialect } from './dialect.ts';
import { GENERIC_STATUSES } from './generic.ts';

/** Vendors that write as this does, as users call them. */
const WALLS =
  'offertoro torox superrewards vortexwall adtowall prodege adgem ayet ayetstudios wannads adgate adgatemedia cpalead monlix adwallx kiwiwall lootably bitlabs notik timewall revu adjoe pubscale offerlia tapjoy ironsource levelplay fyber tapresearch pollfish theoremreach adscend adscendmedia';

/** Offerwalls: who and which transaction are the key; status 1 credits, 2 takes back; signed with a hash over the fields and a secret, by a formula per vendor. */
export const offerwall = dialect({
  id: 'offerwall',
  title: 'Offerwall or reward network',
  aliases: WALLS.split(' '),
  names: {
    clickId: ['click_id', 'clickid', 'subid', 'sub_id', 's1'],
    txid: [
      'transaction_id',
      'transactionid',
      'transid',
      'trans_id',
      'tx_id',
      'txid',
      'txn_id',
      'trans_uuid',
      '_trans_id_',
      'eventid',
      'id',
    ],
    event: ['event', 'event_name', 'goal', 'goal_id'],
    status: ['status', 'type'],
    amount: ['payout', 'payout_usd', 'usd_value', 'revenue', 'commission', 'amount'],
    deviceId: [
      'user_id',
      'userid',
      'uid',
      'user',
      'player_id',
      'snuid',
      'sub_user_id',
      'user_uuid',
      'appuserid',
      'external_identifier',
    ],
  },
  // The offer, not an order; and a signature (Fyber).
  ignored: ['oid', 'sid'],
  signs: {
    params: ['secure_hash', 'player_id', 'snuid'],
    hints: ['user_id', 'user', 'uid', 'reward', 'points', 'signature', 'hash'],
  },
  clickParams: ['subid', 'user_id', 'uid'],
  statuses: { ...GENERIC_STATUSES, 1: 'approved', credit: 'approved', credited: 'approved', 2: 'reversed' },
  pseudoCurrencies: {
    usd_cents: { currency: 'USD', perUnit: 100 },
    pts: { currency: null, perUnit: 1 },
    points: { currency: null, perUnit: 1 },
  },
  answerTexts: { accepted: 'OK', duplicate: 'DUP' },
  template:
    'subid={subid}&user_id={user_id}&transaction_id={transaction_id}&payout={payout}&status={status}&event={offer_name}',
  where: [
    'Paste this as the postback of the wall; a repeat is answered DUP, anything else OK.',
    "Its signature is checked by a formula of your own in the source's settings.",
  ],
});
