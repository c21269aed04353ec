import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** `npm run bench -- <name>` runs `bench/<name>.ts`; each prints its figures as one JSON object on its last line. */
const NOT_BENCHES = /^(?:run|seed|.*-(?:process|server|seed|rivals))\.ts$/;

const folder = fileURLToPath(new URL('.', import.meta.url));
const known = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && !NOT_BENCHES.test(file))
  .map((file) => file.slice(0, -3))
  .toSorted();
const name = process.argv[2] ?? '';
if (!known.includes(name) || !existsSync(`${folder}${name}.ts`)) {
  console.error(
    `There is no bench "${name}". There are: ${known.join(', ')}. Example: npm run bench -- ${known[0]}`,
  );
  process.exit(2);
}
await import(`./${name}.ts`);
