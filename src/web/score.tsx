import type { ScoreView } from '../contract/live.ts';

/** What each account has earned more than the same market left alone. */
export function Score({ score }: { readonly score: ScoreView }) {
  const several = score.accounts.length > 1;
  return (
    <section className="score" aria-label="Profit so far beside the same market left alone">
      <dl>
        {score.accounts.map((account) => (
          <div key={account.label} className={account.ahead ? 'tone-good' : 'tone-plain'}>
            <dt>{several ? heading(account.label) : 'With Bidloop'}</dt>
            <dd>{account.difference}</dd>
            <dd className="quiet">profit {account.profit}</dd>
          </div>
        ))}
        <div>
          <dt>Left alone</dt>
          <dd>{score.leftAlone.difference}</dd>
          <dd className="quiet">profit {score.leftAlone.profit}</dd>
        </div>
      </dl>
      <p className="quiet">
        {several
          ? 'More profit than left alone. Both accounts and the one that nobody touches meet the same people on the same market, so most sales come twice: what differs is what was done. Profit is the value of the conversions minus spend.'
          : 'More profit than left alone: value of the conversions minus spend, beside an untouched twin of the same market.'}
      </p>
    </section>
  );
}

/** "rules" → "Rules". */
function heading(label: string): string {
  return `${label.charAt(0).toUpperCase()}${label.slice(1)}`;
}
