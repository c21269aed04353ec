import type { EngineView, LiveState } from '../contract/live.ts';
import { AdSets } from './ad-sets.tsx';
import { Feed } from './feed.tsx';
import type { Connection } from './live-store.ts';
import { MarkedText } from './marked-text.tsx';
import { MarketClock } from './market-clock.tsx';
import { Score } from './score.tsx';
import { useLive } from './use-live.ts';

/** The one page: what arrives, what is concluded, and how it stands. */
export function LivePage() {
  const { connection, state, lines, clockSkewMs, outdated } = useLive();
  const workspace = state?.workspace;
  const timeZone = workspace?.timeZone ?? 'UTC';
  return (
    <>
      {workspace?.simulated === true && (
        <p className="simulated" role="note">
          Simulated market. No real money.
        </p>
      )}
      <header>
        <div>
          <h1>Bidloop</h1>
          {workspace && <p className="workspace">{workspace.name}</p>}
        </div>
        {state?.clock && <MarketClock clock={state.clock} timeZone={timeZone} clockSkewMs={clockSkewMs} />}
        <ConnectionMark connection={connection} />
      </header>
      <main>
        {outdated && (
          <p className="notice" role="alert">
            Bidloop was updated while this page was open. <a href="/">Load it again</a>.
          </p>
        )}
        {connection.kind === 'refused' && <Notice sentence={connection.sentence} />}
        {state?.outage && <Notice sentence={state.outage} />}
        {state?.halted && <Notice sentence={state.halted} />}
        {state?.silent.map((sentence) => (
          <Notice key={sentence} sentence={sentence} />
        ))}
        {state?.engine.ready === false && <EnginePanel engine={state.engine} />}
        {state?.score && <Score score={state.score} />}
        {state && !workspace && !state.outage && (
          <p className="empty">
            There is no workspace yet. Make one with{' '}
            <code>
              ./bidloop workspace add &quot;My shop&quot; --currency USD --time-zone America/New_York
            </code>
            ; this page then goes on by itself.
          </p>
        )}
        {!state && connection.kind !== 'refused' && <p className="empty">Connecting…</p>}
        {state && workspace && (
          <div className="columns">
            <Feed lines={lines} timeZone={timeZone} />
            <AdSets
              rows={state.adSets}
              more={state.moreAdSets}
              event={state.event}
              learning={state.learning}
              connected={workspace.accounts > 0}
            />
          </div>
        )}
      </main>
      {state && <PageFooter state={state} />}
    </>
  );
}

function Notice({ sentence }: { readonly sentence: string }) {
  return (
    <p className="notice" role="alert">
      <MarkedText text={sentence} />
    </p>
  );
}

function PageFooter({ state }: { readonly state: LiveState }) {
  return (
    <footer>
      {state.links.length > 0 && (
        <nav aria-label="The record in Temporal UI">
          <span className="quiet">The record in Temporal UI:</span>
          <ul>
            {state.links.map((link) => (
              <li key={link.url}>
                <a href={link.url}>{link.label}</a>
              </li>
            ))}
          </ul>
        </nav>
      )}
      {state.workspaces.length > 1 && (
        <nav aria-label="Workspaces">
          <span className="quiet">Workspaces:</span>
          <ul>
            {state.workspaces.map(({ id, name }) => (
              <li key={id}>
                <a
                  href={`/?workspace=${encodeURIComponent(id)}`}
                  aria-current={id === state.workspace?.id && 'page'}
                >
                  {name}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      )}
      <p className="quiet">Bidloop {state.version}</p>
    </footer>
  );
}

function ConnectionMark({ connection }: { readonly connection: Connection }) {
  const [tone, words] = {
    connecting: ['quiet', 'connecting'] as const,
    open: ['good', 'live'] as const,
    lost: ['bad', 'connection lost, trying again'] as const,
    refused: ['bad', 'not allowed'] as const,
  }[connection.kind];
  return (
    <p className={`connection tone-${tone}`} role="status">
      {words}
    </p>
  );
}

function EnginePanel({ engine }: { readonly engine: EngineView }) {
  return (
    <section className={engine.problem ? 'engine problem' : 'engine'} aria-label="Getting ready">
      <p role="status">{engine.sentence}</p>
      {engine.progress !== null && !engine.problem && (
        <progress max={1} value={engine.progress} aria-label="Getting the optimizer ready" />
      )}
      {engine.detail !== null && (
        <p className="quiet">
          <MarkedText text={engine.detail} />
        </p>
      )}
    </section>
  );
}
