import type { GuardRules } from '../outbound/guard.ts';
import { guardRules } from '../own-addresses.ts';
import type { CliContext } from './command.ts';

/** Where conversions may be sent from this machine. */
export function outboundGuard(context: CliContext): GuardRules {
  const { publicUrl, outboundAllow } = context.config;
  return guardRules({ publicUrl, pageUrl: context.pageUrl(), allowed: outboundAllow });
}
