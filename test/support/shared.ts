/**
 * One value for the whole run: every project loads its global setup anew, yet PostgreSQL and Temporal are to start
 * once. The last project to be done closes it.
 */
export function shared<T>(name: string, open: () => Promise<{ value: T; close: () => Promise<void> }>) {
  const store = globalThis as unknown as Record<string, Shared<T> | undefined>;
  const key = `bidloop test: ${name}`;
  return {
    async take(): Promise<T> {
      const entry = (store[key] ??= { users: 0, opened: open() });
      entry.users += 1;
      return (await entry.opened).value;
    },
    async leave(): Promise<void> {
      const entry = store[key];
      if (entry === undefined) return;
      entry.users -= 1;
      if (entry.users > 0) return;
      delete store[key];
      await (await entry.opened).close();
    },
  };
}

interface Shared<T> {
  users: number;
  opened: Promise<{ value: T; close: () => Promise<void> }>;
}
