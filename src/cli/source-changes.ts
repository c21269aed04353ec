/** One setting that differs, as people read it. */
export interface SettingChange {
  /** With dots where a setting has parts: names.sub9. */
  readonly setting: string;
  readonly from: string;
  readonly to: string;
}

/** What differs between two sets of settings, by name. */
export function settingChanges(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): readonly SettingChange[] {
  const [old, now] = [settingLines(before), settingLines(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((setting) => old.get(setting) !== now.get(setting))
    .toSorted()
    .map((setting) => ({
      setting,
      from: old.get(setting) ?? 'as its profile says',
      to: now.get(setting) ?? 'as its profile says',
    }));
}

/** Every part of the settings with its value as text; lists are one value. */
export function settingLines(settings: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  const lines = new Map<string, string>();
  const walk = (value: unknown, path: string): void => {
    if (Array.isArray(value)) lines.set(path, value.map(String).join(', '));
    else if (value !== null && typeof value === 'object')
      for (const [key, inner] of Object.entries(value)) walk(inner, path === '' ? key : `${path}.${key}`);
    else lines.set(path, typeof value === 'string' ? value : JSON.stringify(value));
  };
  walk(settings, '');
  return lines;
}
