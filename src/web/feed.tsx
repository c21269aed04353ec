import type { Badge, LiveLine } from '../contract/live.ts';
import { BadgeMark } from './badge-mark.tsx';
import { MarkedText } from './marked-text.tsx';

/** Words of the link to a record whose line has no badge of its own. */
const RECORD: Badge = { label: 'record', tone: 'plain' };

interface FeedProps {
  readonly lines: readonly LiveLine[];
  readonly timeZone: string;
}

/** What happened, newest first. The list is polite to screen readers: only what is added is read. */
export function Feed({ lines, timeZone }: FeedProps) {
  return (
    <section className="feed" aria-labelledby="feed-title">
      <h2 id="feed-title">What happens</h2>
      {lines.length === 0 ? (
        <p className="empty">
          Nothing yet. The first postback shows up here the moment it is stored. To send one by hand, make a
          source with <code>./bidloop source add generic</code> and open the address it prints.
        </p>
      ) : (
        <ol aria-live="polite" aria-relevant="additions">
          {lines.map((line) => (
            <FeedLine key={line.id} line={line} timeZone={timeZone} />
          ))}
        </ol>
      )}
    </section>
  );
}

function FeedLine({ line, timeZone }: { readonly line: LiveLine; readonly timeZone: string }) {
  const at = new Date(line.atMs);
  return (
    <li className={`line ${line.kind} tone-${line.tone}`}>
      <time dateTime={at.toISOString()}>
        {at.toLocaleTimeString('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' })}
      </time>
      <div>
        <p>
          <MarkedText text={line.text} />{' '}
          {line.link === null ? (
            <BadgeMark badge={line.badge} />
          ) : (
            <a className="record" href={line.link} title="Open its record in Temporal UI">
              <BadgeMark badge={line.badge ?? RECORD} />
            </a>
          )}
        </p>
        {line.detail !== null && (
          <p className="quiet">
            <MarkedText text={line.detail} />
          </p>
        )}
      </div>
    </li>
  );
}
