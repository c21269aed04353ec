import { useEffect, useState } from 'react';
import { LIVE_EVENTS } from '../contract/live.ts';
import { applyMessage, EMPTY_PAGE, type PageModel } from './live-store.ts';

/** Between attempts after the server closed the stream for good (a proxy's error page, a restart). */
const RETRY_MS = 2_000;

/** Asks why the stream was refused; a refused EventSource tells nothing. Null when the server is simply away. */
async function refusal(): Promise<string | null> {
  try {
    const response = await fetch('/api/status', { cache: 'no-store' });
    if (response.status !== 401 && response.status !== 403) return null;
    const body: unknown = await response.json();
    if (typeof body === 'object' && body !== null && 'message' in body) return String(body.message);
    return 'The server refuses this page.';
  } catch {
    return null;
  }
}

/**
 * The live model. EventSource reconnects by itself and sends the id of the last message it got, so that the server
 * goes on from there; where it gives up, this starts a new one.
 */
export function useLive(): PageModel {
  const [model, setModel] = useState(EMPTY_PAGE);

  useEffect(() => {
    let source: EventSource | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ended = false;

    const open = () => {
      const stream = new EventSource(`/api/live${location.search}`);
      source = stream;
      stream.addEventListener('open', () => setModel((now) => ({ ...now, connection: { kind: 'open' } })));
      for (const event of LIVE_EVENTS) {
        stream.addEventListener(event, (message: MessageEvent<string>) => {
          const at = performance.timeOrigin + performance.now();
          setModel((now) => applyMessage(now, event, message.data, at));
        });
      }
      stream.addEventListener('error', () => {
        setModel((now) => ({ ...now, connection: { kind: 'lost' } }));
        if (stream.readyState !== EventSource.CLOSED) return;
        stream.close();
        void refusal().then((sentence) => {
          if (ended) return;
          if (sentence !== null) setModel((now) => ({ ...now, connection: { kind: 'refused', sentence } }));
          timer = setTimeout(open, RETRY_MS);
        });
      });
    };
    open();

    return () => {
      ended = true;
      clearTimeout(timer);
      source?.close();
    };
  }, []);

  return model;
}
