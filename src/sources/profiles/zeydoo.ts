import { dialect } from './dialect.ts';

/** Zeydoo and its sister networks: ymid holds the publisher's click id, var its zone, ze the event number. */
export const zeydoo = dialect({
  id: 'zeydoo',
  title: 'Zeydoo',
  aliases: ['monetag', 'propush', 'zeeto'],
  names: { clickId: ['ymid'], event: ['ze'], amount: ['payout', 'zr'], site: ['var'] },
  signs: { hosts: [/(?:^|\.)zeydoo\.com$/, /(?:^|\.)zeeto\.io$/], params: ['ymid'], hints: ['ze', 'zr'] },
  clickParams: ['ymid'],
  template: 'ymid={ymid}&ze=1&payout={amount}&currency={currency}',
  where: [
    'For a system that reports conversions to Zeydoo: put our address in place of theirs and keep its parameters.',
  ],
});
