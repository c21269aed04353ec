// Brings a checkout to the point where it can run: packages, then the page. Plain JavaScript for whatever Node is there
// (20 or newer): the pinned one comes with the packages. Quiet when everything is current.
//   node tools/setup.mjs            before `npm start`
//   node tools/setup.mjs --tests    before `npm test`: also the browser of the page's test
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const pinnedNode = path.join(root, 'node_modules', '.bin', 'node');

if (Number(process.versions.node.split('.')[0]) < 20) {
  fail(
    `Node ${process.versions.node} is too old to install the packages.`,
    'Install Node 20 or newer; the version Bidloop runs on then comes by itself.',
  );
}
installPackages();
buildPage();
if (process.argv.includes('--tests')) findBrowser();

function installPackages() {
  const stamp = path.join(root, 'node_modules', '.bidloop-packages');
  const wanted = hash([path.join(root, 'package.json'), path.join(root, 'package-lock.json')]);
  if (readIf(stamp) === wanted && isRunnable(pinnedNode)) return;
  console.log('Installing packages (about a minute, once) …');
  // Warnings about the Node that runs npm are beside the point: the packages run on the pinned one.
  run(
    'npm',
    ['install', '--no-audit', '--no-fund', '--loglevel=error'],
    'The packages could not be installed.',
    "Look at what npm says above; behind a proxy, set npm's registry. Then start again.",
  );
  if (!isRunnable(pinnedNode)) {
    fail(
      'The pinned Node did not come with the packages.',
      'Install scripts are forbidden here: allow that of the package "node" (npm config get ignore-scripts must be false), remove node_modules and start again.',
    );
  }
  writeFileSync(stamp, wanted);
}

function buildPage() {
  const sources = path.join(root, 'src', 'web');
  if (!existsSync(path.join(sources, 'index.html'))) return;
  const stamp = path.join(root, 'dist', '.bidloop-page');
  const wanted = hash([
    ...files(sources),
    ...files(path.join(root, 'src', 'contract')),
    path.join(root, 'vite.config.ts'),
    path.join(root, 'package-lock.json'),
  ]);
  if (readIf(stamp) === wanted && existsSync(path.join(root, 'dist', 'web', 'index.html'))) return;
  console.log('Building the page …');
  const vite = path.join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  run(
    pinnedNode,
    [vite, 'build', '--logLevel', 'warn'],
    'The page could not be built.',
    'Look at what Vite says above.',
  );
  writeFileSync(stamp, wanted);
}

function findBrowser() {
  const known = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  if (known.some(isRunnable)) return;
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    console.log('Installing Chromium for the test of the page (once) …');
    const quiet = {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    };
    spawnSync('apt-get', ['-qq', 'update'], quiet);
    spawnSync('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', 'chromium'], quiet);
    if (known.some(isRunnable)) return;
  }
  console.log(
    'No Chromium is here: the test of the page will fail. Install it (on Debian: apt-get install chromium); all other tests run without.',
  );
}

function hash(list) {
  const sum = createHash('sha256');
  for (const file of list)
    sum
      .update(path.relative(root, file))
      .update('\0')
      .update(readIf(file) ?? '')
      .update('\0');
  return sum.digest('hex');
}

function files(folder) {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) =>
    entry.isDirectory() ? files(path.join(folder, entry.name)) : [path.join(folder, entry.name)],
  );
}

function run(program, args, wrong, next) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (error !== undefined || status !== 0) fail(wrong, next);
}

function readIf(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function isRunnable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function fail(wrong, next) {
  console.error(`${wrong}\n  ${next}`);
  process.exit(1);
}
