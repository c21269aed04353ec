/**
 * Version of the thinking, stored with every decision: recomputing a stored evidence record is promised for the same
 * engine version only. Raise it whenever `decide` may answer differently for the same evidence.
 */
export const ENGINE_VERSION = '1';
