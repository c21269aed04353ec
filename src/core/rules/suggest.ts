import { nearestWord } from '../nearest-word.ts';

/** "did you mean roas?", or a list of what there is. */
export function suggestion(word: string, known: readonly string[]): string {
  const near = nearestWord(word, known);
  return near === null ? `there is: ${known.join(', ')}` : `did you mean ${near}?`;
}
