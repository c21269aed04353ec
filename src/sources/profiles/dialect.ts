import type { Field, SourceProfile } from '../profile.ts';
import { generic } from './generic.ts';

/** What a sender does otherwise than the generic postback. */
export interface Dialect extends Partial<
  Omit<SourceProfile, 'id' | 'title' | 'names' | 'own' | 'template' | 'where' | 'signs'>
> {
  readonly id: string;
  readonly title: string;
  /** Its own names, the preferred first. Those in common use follow, unless they mean another field here. */
  readonly names: Readonly<Partial<Record<Field, readonly string[]>>>;
  /** Fields that are said by its own names or not at all. */
  readonly exact?: readonly Field[];
  readonly signs?: Partial<SourceProfile['signs']>;
  readonly template: string;
  readonly where: readonly string[];
}

/** A profile from what sets it apart: what is not said is as with the generic postback. */
export function dialect(said: Dialect): SourceProfile {
  const { exact = [], signs, names: own, ...rest } = said;
  const claimed = new Set([...(said.ignored ?? []), ...Object.values(own).flat()]);
  const tail = (field: Field): readonly string[] =>
    exact.includes(field) ? [] : generic.names[field].filter((name) => !claimed.has(name));
  const names: Record<Field, readonly string[]> = { ...generic.names };
  for (const field of fieldsOf(generic)) names[field] = [...(own[field] ?? []), ...tail(field)];
  return {
    ...generic,
    weakClickNames: generic.weakClickNames.filter((name) => !claimed.has(name)),
    ...rest,
    names,
    own,
    signs: { ...generic.signs, ...signs },
  };
}

/** Every field a profile can name, in the order to show them. */
export function fieldsOf(profile: SourceProfile): readonly Field[] {
  // The record's keys are its type.
  return Object.keys(profile.names) as Field[];
}
