/** Something wrong in an observation that its shape allows: where, and what to do. */
export class ObservationProblem extends Error {
  readonly path: readonly (string | number)[];
  readonly hint: string;

  constructor(path: readonly (string | number)[], message: string, hint: string) {
    super(message);
    this.path = path;
    this.hint = hint;
  }
}
