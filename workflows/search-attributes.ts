import { defineSearchAttributeKey } from '@temporalio/common';

/**
 * What Temporal UI can filter by. A SQL visibility store has room for ten keywords and three of each other type in a
 * namespace; one keyword is left spare. Values stand in clear: names and ids, never a secret.
 */
export const BID_NETWORK = defineSearchAttributeKey('BidNetwork', 'KEYWORD');
export const BID_ACCOUNT = defineSearchAttributeKey('BidAccount', 'KEYWORD');
export const BID_CAMPAIGN = defineSearchAttributeKey('BidCampaign', 'KEYWORD');
export const BID_AD_SET = defineSearchAttributeKey('BidAdSet', 'KEYWORD');
/** Name of the object acted on, whatever its level. */
export const BID_OBJECT = defineSearchAttributeKey('BidObject', 'KEYWORD');
/** "strategy / rule". */
export const BID_RULE = defineSearchAttributeKey('BidRule', 'KEYWORD');
/** pause, resume, set_bid, set_budget. */
export const BID_ACTION = defineSearchAttributeKey('BidAction', 'KEYWORD');
/** `waiting` for approval, `acting`, then an ActOutcome. */
export const BID_OUTCOME = defineSearchAttributeKey('BidOutcome', 'KEYWORD');
export const BID_APPROVER = defineSearchAttributeKey('BidApprover', 'KEYWORD');
/** End of the newest hour whose spend the decision looked at. */
export const BID_AS_OF = defineSearchAttributeKey('BidAsOf', 'DATETIME');
/** Relative change of a bid or budget: 0.1 is +10 %. */
export const BID_DELTA = defineSearchAttributeKey('BidDelta', 'DOUBLE');

export const SEARCH_ATTRIBUTES = [
  BID_NETWORK,
  BID_ACCOUNT,
  BID_CAMPAIGN,
  BID_AD_SET,
  BID_OBJECT,
  BID_RULE,
  BID_ACTION,
  BID_OUTCOME,
  BID_APPROVER,
  BID_AS_OF,
  BID_DELTA,
] as const;
