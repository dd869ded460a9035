// Builds build/wasm/typetorch.wasm with Clang from npm (@yowasp/clang, itself WebAssembly), so that no system toolchain is needed.
//   node scripts/build-wasm.mjs
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { sourceHash, sources, textWithIncludes } from './build-native.mjs';

const COMPILER = '@yowasp/clang@22.0.0-git20542-10';
const self = fileURLToPath(import.meta.url);
const root = join(dirname(self), '..');
const native = join(root, 'native'),
  out = join(root, 'build', 'wasm'),
  tools = join(root, 'build', 'tools');

const target = join(out, 'typetorch.wasm');

const flags = [
  '--target=wasm32-wasip1',
  '-msimd128',
  '-std=c++17',
  '-O3',
  '-fno-exceptions',
  '-fno-rtti',
  '-fno-c++-static-destructors', // the only thread ends with the module
  '-fwrapv',
  '-fno-math-errno',
  '-fno-trapping-math',
  '-fno-strict-aliasing',
  '-DTT_ISA=isa_wasm',
  '-DTT_WITH_isa_wasm',
  '-DTT_VECTOR_BYTES=16',
  '-w',
];
const exported = ['tt_new_frame', 'tt_call', 'tt_names'];
const linkFlags = [
  '--target=wasm32-wasip1',
  '-mexec-model=reactor',
  '-Wl,--strip-all',
  '-Wl,-z,stack-size=1048576',
  '-Wl,--max-memory=4294967296',
  ...exported.map((name) => `-Wl,--export=${name}`),
];

async function compiler() {
  const require = createRequire(join(tools, 'package.json'));
  return (await import(pathToFileURL(require.resolve('@yowasp/clang')).href)).runClang;
}

/** Puts the compiler into build/tools, unless it is there. */
async function installCompiler(log) {
  const manifest = join(tools, 'node_modules', '@yowasp', 'clang', 'package.json');
  if (existsSync(manifest) && COMPILER.endsWith(`@${JSON.parse(readFileSync(manifest, 'utf8')).version}`)) return;
  log(`Installing ${COMPILER} (100 MB) …`);
  mkdirSync(tools, { recursive: true });
  writeFileSync(join(tools, 'package.json'), '{"private": true}\n');
  execFileSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', COMPILER], {
    cwd: tools,
    stdio: 'pipe',
    shell: process.platform === 'win32',
  });
}

const options = { stderr: (bytes) => bytes && process.stderr.write(bytes), fetchProgress: () => {} };

const keyOf = (file) =>
  createHash('sha256')
    .update([COMPILER, ...flags, file, textWithIncludes(file)].join(' '))
    .digest('hex');
const stampOf = (file) => join(out, `${file}.o.stamp`);
const isStale = (file) =>
  !existsSync(join(out, `${file}.o`)) || !existsSync(stampOf(file)) || readFileSync(stampOf(file), 'utf8') !== keyOf(file);

/** Runs in a child process: compiles `files` into build/wasm. */
async function compileFiles(files) {
  const runClang = await compiler();
  const tree = Object.fromEntries(readdirSync(native).map((name) => [name, readFileSync(join(native, name), 'utf8')]));
  for (const file of files) {
    const result = await runClang(['clang++', ...flags, '-c', file, '-o', `${file}.o`], tree, options);
    writeFileSync(join(out, `${file}.o`), result[`${file}.o`]);
    writeFileSync(stampOf(file), keyOf(file));
  }
}

/** Runs in a child process: links the objects of `files`. */
async function link(files) {
  const objects = files.map((name) => `${name}.o`);
  const runClang = await compiler();
  const tree = Object.fromEntries(objects.map((name) => [name, readFileSync(join(out, name))]));
  const linked = await runClang(['clang++', ...linkFlags, ...objects, '-o', 'typetorch.wasm'], tree, options);
  writeFileSync(`${target}.${process.pid}`, linked['typetorch.wasm']);
  renameSync(`${target}.${process.pid}`, target);
}

/** The compiler prints what it likes and takes a core: it runs in processes of its own. */
function inChild(step, files) {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [self, step, ...files], { maxBuffer: 1 << 26 }, (error, _stdout, stderr) => {
      if (error) reject(new Error(stderr || error.message));
      else resolve();
    });
  });
}

/** Builds the module unless it is up to date; resolves to whether it is there. Without `keepCompiler` only the module stays on the disk. */
export async function buildWasm({ log = console.log, keepCompiler = true } = {}) {
  const stamp = join(out, 'hash');
  const hash = sourceHash(COMPILER, ...flags, ...linkFlags);
  if (existsSync(target) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return true;
  try {
    await installCompiler(log);
    log('Building the WebAssembly library …');
    mkdirSync(out, { recursive: true });
    const { once, perIsa } = sources();
    const files = [...once.filter((name) => name !== 'node.cpp'), ...perIsa].sort(
      (a, b) => readFileSync(join(native, b)).length - readFileSync(join(native, a)).length,
    );
    const width = Math.min(availableParallelism(), 4);
    const stale = files.filter(isStale);
    const parts = Array.from({ length: width }, (_, k) => stale.filter((_, i) => i % width === k)).filter((part) => part.length > 0);
    await Promise.all(parts.map((part) => inChild('--compile', part)));
    await inChild('--link', files);
  } catch (error) {
    log(`The WebAssembly library was not built: ${error.message}`);
    return false;
  }
  writeFileSync(stamp, hash);
  if (!keepCompiler) rmSync(join(tools, 'node_modules', '@yowasp'), { recursive: true, force: true });
  return true;
}

/** The compiler has said what is wrong; its error holds all files. */
function fail(error) {
  if (error.code === undefined) console.error(error);
  process.exit(1);
}

if (process.argv[2] === '--compile') await compileFiles(process.argv.slice(3)).catch(fail);
else if (process.argv[2] === '--link') await link(process.argv.slice(3)).catch(fail);
else if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = (await buildWasm()) ? 0 : 1;
