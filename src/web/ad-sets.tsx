import type { AdSetRow, LiveState } from '../contract/live.ts';
import { BadgeMark } from './badge-mark.tsx';
import { MarkedText } from './marked-text.tsx';

interface AdSetsProps {
  readonly rows: readonly AdSetRow[];
  readonly more: number;
  readonly event: string | null;
  /** What an autopilot does not know yet, by account. */
  readonly learning: LiveState['learning'];
  /** An ad account is connected, though it may not have been read yet. */
  readonly connected: boolean;
}

/** Every ad set with its lever, its day so far, and what was last concluded: also why nothing was done. */
export function AdSets({ rows, more, event, learning, connected }: AdSetsProps) {
  const counted = event === null ? 'Conversions' : `${event[0]?.toUpperCase() ?? ''}${event.slice(1)}s`;
  return (
    <section className="adsets" aria-labelledby="adsets-title">
      <h2 id="adsets-title">
        Ad sets <span className="quiet">today, as far as the network has reported</span>
      </h2>
      {rows.every((row) => row.account === null) &&
        learning.map(({ text }) => (
          <p key={text} className="quiet note">
            {text}
          </p>
        ))}
      {rows.length === 0 ? (
        <p className="empty">
          {connected ? (
            'None read yet. They appear here once the ad account has been read for the first time.'
          ) : (
            <>
              None yet. Connect an ad account with <code>./bidloop account add meta</code>; its ad sets appear
              after the first reading.
            </>
          )}
        </p>
      ) : (
        // Laid out as cards on a phone these elements would lose the roles they have by themselves.
        <table role="table">
          <thead role="rowgroup">
            <tr role="row">
              <th role="columnheader" scope="col">
                Ad set
              </th>
              <th role="columnheader" scope="col">
                Bid and budget
              </th>
              <th role="columnheader" scope="col" className="number">
                Spend
              </th>
              <th role="columnheader" scope="col" className="number">
                {counted}
              </th>
              <th role="columnheader" scope="col" className="number">
                CPA
              </th>
              <th role="columnheader" scope="col" className="number">
                ROAS
              </th>
              <th role="columnheader" scope="col">
                Last verdict
              </th>
            </tr>
          </thead>
          {groupsOf(rows).map(({ account, rows: own }) => (
            <tbody role="rowgroup" key={account ?? ''}>
              {account !== null && (
                <tr role="row" className="account">
                  <th role="rowheader" scope="rowgroup" colSpan={7}>
                    {account}
                    {learning
                      .filter((note) => note.account === account)
                      .map(({ text }) => (
                        <span key={text} className="quiet block">
                          {text}
                        </span>
                      ))}
                  </th>
                </tr>
              )}
              {own.map((row) => (
                <AdSet key={row.id} row={row} counted={counted} />
              ))}
            </tbody>
          ))}
        </table>
      )}
      {more > 0 && (
        <p className="quiet">
          and {more} more, in <a href="/api/objects">/api/objects</a>
        </p>
      )}
    </section>
  );
}

function AdSet({ row, counted }: { readonly row: AdSetRow; readonly counted: string }) {
  return (
    <tr role="row">
      <th role="rowheader" scope="row" data-label="Ad set">
        <span className="name">{row.name}</span> <BadgeMark badge={row.status} />{' '}
        <BadgeMark badge={row.stage} />
        <span className="quiet block">{[row.campaign, row.network].filter(Boolean).join(' · ')}</span>
      </th>
      <td role="cell" data-label="Bid and budget">
        {row.bid}
        {row.budget !== null && <span className="quiet block">{row.budget}</span>}
      </td>
      <td role="cell" data-label="Spend" className="number">
        {row.spend}
      </td>
      <td role="cell" data-label={counted} className="number">
        {row.conversions}
      </td>
      <td role="cell" data-label="CPA" className="number">
        {row.cpa ?? <Undefined />}
      </td>
      <td role="cell" data-label="ROAS" className="number">
        {row.roas ?? <Undefined />}
      </td>
      <td role="cell" data-label="Last verdict" className="verdict">
        <Verdict row={row} />
      </td>
    </tr>
  );
}

/** Rows by account, in order of its name; one group without a name where there is one account. */
function groupsOf(rows: readonly AdSetRow[]) {
  const accounts = [...new Set(rows.map((row) => row.account))].sort((a, b) =>
    (a ?? '').localeCompare(b ?? ''),
  );
  return accounts.map((account) => ({ account, rows: rows.filter((row) => row.account === account) }));
}

function Undefined() {
  return (
    <span className="quiet" title="undefined: nothing to divide by">
      –
    </span>
  );
}

function Verdict({ row }: { readonly row: AdSetRow }) {
  if (row.verdict === null) return <span className="quiet">not looked at yet</span>;
  const { label, tone, reason, nearest, evidence } = row.verdict;
  return (
    <>
      {/* "pause: $62 spent …" needs no second "pause". */}
      {!reason.startsWith(label) && <BadgeMark badge={{ label, tone }} />} <MarkedText text={reason} />
      {nearest !== null && <span className="quiet block">nearest: {nearest}</span>}
      {evidence !== null && (
        <span className="evidence" role="img" aria-label={evidence.words} title={evidence.words}>
          <span style={{ width: `${Math.round(evidence.share * 100)}%` }} />
        </span>
      )}
    </>
  );
}
