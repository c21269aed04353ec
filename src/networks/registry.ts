import type { AdNetwork } from './ad-network.ts';
import { meta } from './meta/meta.ts';

/** The ad networks this build speaks, by id. */
export interface NetworkRegistry {
  readonly ids: readonly string[];
  find(id: string): AdNetwork | undefined;
  /** @throws UnknownNetworkError that names those there are. */
  get(id: string): AdNetwork;
}

export class UnknownNetworkError extends Error {
  readonly code = 'unknown_network';
}

/** @param networks those to offer; all built-in ones by default, others for tests. */
export function createNetworkRegistry(networks: readonly AdNetwork[] = [meta]): NetworkRegistry {
  const byId = new Map(networks.map((network) => [network.id, network]));
  return {
    ids: [...byId.keys()],
    find: (id) => byId.get(id),
    get(id) {
      const network = byId.get(id);
      if (!network)
        throw new UnknownNetworkError(
          `there is no ad network "${id}"; there are: ${[...byId.keys()].join(', ')}`,
        );
      return network;
    },
  };
}
