/**
 * Plain text as Markdown that reads as written. Temporal UI sets what stands between two dollar signs as a formula, so
 * "$1.20 → $1.32" loses both; names with stars, underscores or brackets lose theirs.
 */
export function markdownText(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>|~$]/g, '\\$&');
}

/** Text as inline code: shown to the letter, whatever it holds but a backtick. */
export function markdownCode(text: string): string {
  return `\`${text.replaceAll('`', "'")}\``;
}
