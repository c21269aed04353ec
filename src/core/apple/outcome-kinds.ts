/** What Apple's word makes of a postback that counts. `reinstall`: the person had this app before. */
export type AppleEventType = 'install' | 'reinstall' | 're-engagement';

/** What became of one request to Apple's addresses. Only `counts` reaches a figure. */
export type AppleOutcomeKind =
  | 'counts'
  /** Signed, and says that another network won. */
  | 'not_winning'
  /** Signed by a phone in developer mode. */
  | 'dev_signature'
  /** Signed, about an app that nobody here expects. */
  | 'other_app'
  /** The same signed content as before: retried by the device, or the developer's copy. */
  | 'repeat'
  /** Apple's id of an earlier postback with other signed content. */
  | 'conflict'
  | 'bad_signature'
  /** Nobody can check it: a version or key that is not known here, or a field that is missing. */
  | 'unverifiable'
  | 'not_apple'
  /** Not even read: a HEAD request, a preview, a body that is no JSON. */
  | 'refused';
