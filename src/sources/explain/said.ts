import type { Field } from '../profile.ts';

/** Where a field's value stands in what was given. */
export type Place =
  | 'parameter'
  /** A parameter of no known name whose macro says what it is. */
  | 'macro'
  | 'path'
  /** The status is all that says what happened. */
  | 'status'
  /** Inside an encoded address that the given one carries. */
  | 'nested'
  /** Inside Apple's signed message. */
  | 'signed'
  | 'cookie';

/** What was said of one field, in the sender's own writing. */
export interface Said {
  readonly name: string;
  readonly value: string;
  readonly place: Place;
}

export type SaidFields = Partial<Record<Field, Said>>;
