import net from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { freePort, isFree } from '../../../src/runtime/free-port.ts';
import { choosePorts, type Ports } from '../../../src/runtime/ports.ts';

const open: net.Server[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function occupied(): Promise<number> {
  const server = net.createServer();
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function choose(
  env: NodeJS.ProcessEnv,
  how: { remembered?: Ports; defaults?: Partial<Ports>; held?: number[] } = {},
) {
  const said: string[] = [];
  const config = loadConfig(env);
  const defaults = {
    ...config,
    ...(how.defaults?.http === undefined ? {} : { httpPort: how.defaults.http }),
  };
  const ports = choosePorts({
    config: defaults,
    env,
    remembered: how.remembered ?? null,
    held: new Set(how.held),
    say: (line) => said.push(line),
  });
  return { ports, said };
}

describe('ports', () => {
  test('a port that was asked for and is in use is refused, with its setting', async () => {
    const port = await occupied();
    await expect(choose({ BIDLOOP_HTTP_PORT: String(port) }).ports).rejects.toMatchObject({
      code: 'port_in_use',
      message: `port ${port} is in use by another program`,
      next: 'Stop that program, or set BIDLOOP_HTTP_PORT to a free port.',
    });
  });

  test('a default in use is replaced by a free one, which is said', async () => {
    const port = await occupied();
    const { ports, said } = choose({}, { defaults: { http: port } });
    const chosen = await ports;
    expect(chosen.http).toBeGreaterThan(port);
    expect(await isFree(chosen.http)).toBe(true);
    expect(said).toContain(`port ${port} is in use; taking ${chosen.http} instead (BIDLOOP_HTTP_PORT)`);
    expect(new Set(Object.values(chosen)).size).toBe(4);
  });

  test('the ports of the last start stay, even the one that a server of ours still holds', async () => {
    const held = await occupied();
    const remembered = {
      http: await freePort(),
      sandbox: await freePort(),
      temporal: held,
      temporalUi: await freePort(),
    };
    const { ports, said } = choose({}, { remembered, held: [held] });
    expect(await ports).toEqual(remembered);
    expect(said).toEqual([]);
  });

  test('one port is never given twice', async () => {
    const port = await freePort();
    await expect(
      choose({ BIDLOOP_HTTP_PORT: String(port), BIDLOOP_SANDBOX_PORT: String(port) }).ports,
    ).rejects.toMatchObject({ code: 'port_in_use' });
  });
});
