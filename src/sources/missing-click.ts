import { nearClickId } from './explain/near-misses.ts';
import type { Params } from './params.ts';
import type { SourceProfile } from './profile.ts';
import type { PostbackReading } from './read-postback.ts';

/** Why a postback without click, device, user and sender's ids cannot be kept: most often a macro or a name is misspelt. */
export function refuseWithoutClick(
  params: Params,
  profile: SourceProfile,
  warnings: string[],
): PostbackReading {
  const wanted = profile.names.clickId[0] ?? 'click_id';
  const unresolved = profile.names.clickId.find((name) => warnings.includes(`unresolved_macro:${name}`));
  if (unresolved !== undefined) {
    return {
      ok: false,
      refusal: {
        reason: 'unresolved_macro',
        message: `"${unresolved}" still holds the macro ${shown(params.values.get(unresolved))} instead of a click id.`,
        next: `Use the macro of the sender's own product for the id that our redirect passed on as click_id, and check its spelling.`,
        warnings,
      },
    };
  }
  const near = nearClickId(params, profile);
  const hint = near === null ? '' : ` You sent "${near.written}"; did you mean "${near.meant}"?`;
  return {
    ok: false,
    refusal: {
      reason: 'missing_click_id',
      message: `There is no click id (and no device id) in this postback.${hint}`,
      next: `Send the id that our redirect put on the landing page as click_id, in the parameter "${wanted}".`,
      warnings: near === null ? warnings : [...warnings, `near_miss:${near.written}:${near.meant}`],
    },
  };
}

/** A sender's value in a sentence. */
export function shown(value: string | undefined): string {
  const text = value ?? '';
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
