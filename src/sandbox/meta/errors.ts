/** An error in the Graph API's own words. HTTP is 400 for nearly everything; the code says what it is. */
export class GraphError extends Error {
  readonly code: number;
  readonly subcode: number | null;
  readonly httpStatus: number;
  readonly isTransient: boolean;
  readonly type: string;
  readonly blame: readonly string[];

  constructor(
    code: number,
    message: string,
    facts: {
      subcode?: number;
      httpStatus?: number;
      isTransient?: boolean;
      type?: string;
      blame?: readonly string[];
    } = {},
  ) {
    super(message);
    this.code = code;
    this.subcode = facts.subcode ?? null;
    this.httpStatus = facts.httpStatus ?? 400;
    this.isTransient = facts.isTransient ?? false;
    this.type = facts.type ?? 'OAuthException';
    this.blame = facts.blame ?? [];
  }

  body(traceId: string): unknown {
    return {
      error: {
        message: this.message,
        type: this.type,
        code: this.code,
        ...(this.subcode === null ? {} : { error_subcode: this.subcode }),
        is_transient: this.isTransient,
        ...(this.blame.length > 0 ? { error_data: JSON.stringify({ blame_field_specs: [this.blame] }) } : {}),
        fbtrace_id: traceId,
      },
    };
  }
}

export function invalid(message: string, subcode?: number, blame?: string): GraphError {
  return new GraphError(100, `(#100) ${message}`, {
    ...(subcode === undefined ? {} : { subcode }),
    ...(blame === undefined ? {} : { blame: [blame] }),
    type: subcode === undefined ? 'GraphMethodException' : 'OAuthException',
  });
}

export function missing(id: string): GraphError {
  return new GraphError(
    100,
    `Unsupported request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation`,
    { subcode: 33, type: 'GraphMethodException' },
  );
}

export const rateLimited = (): GraphError =>
  new GraphError(17, '(#17) User request limit reached', { subcode: 2446079, isTransient: true });

export const editQuota = (): GraphError =>
  new GraphError(
    613,
    '(#613) Calls to this api have exceeded the rate limit: the budget of this ad set was changed more than 4 times in the last hour.',
    {
      subcode: 1487632,
      blame: ['daily_budget'],
    },
  );

export const deadToken = (): GraphError =>
  new GraphError(190, 'Error validating access token: the session has been invalidated.', {
    subcode: 460,
    httpStatus: 401,
  });
