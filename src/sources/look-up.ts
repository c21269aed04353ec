/**
 * A table's value for a word from outside. Only what the table itself holds: "constructor" and "__proto__" are words
 * like any other.
 */
export function lookUp<T>(table: Readonly<Record<string, T>> | undefined, word: string): T | undefined {
  return table !== undefined && Object.hasOwn(table, word) ? table[word] : undefined;
}
