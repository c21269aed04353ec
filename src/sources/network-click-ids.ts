/** Networks' click ids, in order of precedence when a visitor brings several. */
export const NETWORK_CLICK_PARAMS = [
  'gclid',
  'wbraid',
  'gbraid',
  'fbclid',
  'ttclid',
  'msclkid',
  'tblci',
  'dicbo',
  'ob_click_id',
  'twclid',
  'yclid',
  'irclickid',
  'epik',
  'rdt_cid',
  'sccid',
  'li_fat_id',
] as const;

/** The link's own network comes first. */
export const FIRST_OF_NETWORK: Readonly<Record<string, readonly string[]>> = {
  meta: ['fbclid'],
  google: ['gclid', 'wbraid', 'gbraid'],
  tiktok: ['ttclid'],
  microsoft: ['msclkid'],
  taboola: ['tblci'],
  outbrain: ['dicbo', 'ob_click_id'],
};
