import { dialect } from './dialect.ts';
import { GENERIC_STATUSES } from './generic.ts';

/** CAKE: `r` is a browser session, the same for several campaigns: no unique key of clicks. Macros are #name# (support.getcake.com, postback URLs). */
export const cake = dialect({
  id: 'cake',
  title: 'CAKE',
  names: {
    // Our own id rides in s2; r is all there is where a pixel of CAKE's is imitated.
    clickId: ['s2', 'r', 'reqid'],
    txid: ['t'],
    event: ['e'],
    amount: ['p', 'ap', 'price'],
    site: ['s1'],
  },
  signs: { hosts: [/cake/], paths: [/\/p\.ashx$/], hints: ['r', 'ap', 'o', 'f', 't', 'p', 'e'] },
  clickParams: ['s2', 's1', 's3', 's4', 's5'],
  statuses: { ...GENERIC_STATUSES, scrubbed: 'rejected' },
  scopeWithoutTxid: 'click-event',
  template: 's2=%23s2%23&p=%23price%23&t=%23tid%23&e=%23eid%23',
  where: [
    'In CAKE open Postback URLs of the campaign and paste this. Its macros stand in # signs, which cut an address where they are not filled: CAKE fills them, a browser does not.',
  ],
});
