import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(
    `bidloop: this is Node ${process.versions.node}, and Bidloop needs 24 or newer.\n  Use \`npm start\` or ./bidloop: they bring the right one.`,
  );
  process.exit(1);
}

// What is set already wins over the file.
const settings = fileURLToPath(new URL('../.env', import.meta.url));
if (existsSync(settings)) process.loadEnvFile(settings);

// A reader that went away (`bidloop … | head`) is no failure, and must not end `up` with its children running.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

// Loaded only now: on an older Node the sentence above is to be read, not a syntax error.
const { runProgram } = await import('./cli/program.ts');
process.exitCode = await runProgram(process.argv.slice(2), process.env);

// The command is done. A connection that a failure left open (of the native SDK, say) does not keep the process.
setTimeout(() => process.exit(), 1_000).unref();
