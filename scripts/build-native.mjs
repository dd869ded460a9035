#!/usr/bin/env node
// Builds build/<platform>-<arch>/typetorch.node with the C++ compiler of this machine; does nothing if it is up to date.
//   node scripts/build-native.mjs [--all] [--sanitize] [--cross=aarch64-linux-gnu-g++]
// Kernels are compiled for the best instruction set of this processor; with --all for every one, into build/<platform>-<arch>-all.
import { createHash } from 'node:crypto';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const native = join(root, 'native');

export const flags = [
  '-std=c++17',
  '-O3',
  '-fPIC',
  '-fvisibility=hidden',
  '-fno-exceptions',
  '-fno-rtti',
  '-fwrapv',
  '-fno-math-errno',
  '-fno-trapping-math',
  '-ffp-contract=fast',
  '-fno-strict-aliasing',
  '-Wall',
  '-Wextra',
  '-Wno-psabi',
  '-Wno-unknown-pragmas',
  '-Wno-unused-parameter',
  '-Wno-missing-field-initializers',
];
const onceOnly = new Set(['core.cpp', 'pool.cpp', 'threads.cpp', 'special_functions.cpp', 'jit.cpp', 'node.cpp']);

const isas = {
  x64: [
    ['isa_base', 16, []],
    ['isa_avx2', 32, ['-march=x86-64-v3']],
    ['isa_avx512', 64, ['-march=x86-64-v4', '-mprefer-vector-width=512']],
  ],
  arm64: [['isa_neon', 16, []]],
};

/** The sources that are compiled once, and those that are compiled once an instruction set. */
export function sources() {
  const all = readdirSync(native)
    .filter((name) => name.endsWith('.cpp'))
    .sort();
  return { once: all.filter((name) => onceOnly.has(name)), perIsa: all.filter((name) => !onceOnly.has(name)) };
}

/** A hash of every file under native/ and of `extra`: what the build depends on. */
export function sourceHash(...extra) {
  const hash = createHash('sha256');
  for (const name of readdirSync(native).sort()) hash.update(name).update(readFileSync(join(native, name)));
  for (const text of extra) hash.update(text);
  return hash.digest('hex');
}

/** The name of a C++ compiler, if there is one. */
export function findCompiler() {
  const candidates = [process.env.CXX, 'g++', 'clang++', 'c++'].filter(Boolean);
  return candidates.find((name) => {
    try {
      execFileSync(name, ['--version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

/** The instruction sets to compile for: all of them, or the best one that the compiler sees on this processor. */
function chooseIsas(compiler, arch, all) {
  const known = isas[arch] ?? [['isa_base', 16, []]];
  if (all || known.length === 1) return known;
  const macros = execFileSync(compiler, ['-march=native', '-dM', '-E', '-x', 'c', '/dev/null'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const has = (...names) => names.every((name) => macros.includes(`#define __${name}__ `));
  const avx2 = has('AVX2', 'FMA', 'BMI2');
  const best = avx2 && has('AVX512F', 'AVX512BW', 'AVX512CD', 'AVX512DQ', 'AVX512VL') ? 'isa_avx512' : avx2 ? 'isa_avx2' : 'isa_base';
  return known.filter(([name]) => name === best);
}

function findHeaders() {
  const beside = join(dirname(process.execPath), '..', 'include', 'node');
  if (existsSync(join(beside, 'node_api.h'))) return beside;
  return createRequire(import.meta.url)('node-api-headers').include_dir; // for a Node that came without its headers
}

const run = (command, args) =>
  new Promise((resolve, reject) => {
    execFile(command, args, { cwd: native, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${command} ${args.join(' ')}\n${stderr || error.message}`));
      else resolve(stderr);
    });
  });

/** Runs jobs, as many at once as there are cores. */
export async function runAll(jobs, width = availableParallelism()) {
  const queue = [...jobs];
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let job = queue.shift(); job; job = queue.shift()) await job();
    }),
  );
}

/** The text of a source and of everything that it includes from native/. */
export function textWithIncludes(file, seen = new Set()) {
  if (seen.has(file) || !existsSync(join(native, file))) return '';
  seen.add(file);
  const text = readFileSync(join(native, file), 'utf8');
  const included = [...text.matchAll(/#include "([^"]+)"/g)].map((match) => textWithIncludes(match[1], seen));
  return text + included.join('');
}

/** A job that makes `object` in `out` from `file`, unless it was made from the same text with the same command. */
function compileJob(compiler, file, object, args, out, log) {
  const path = join(out, object),
    stamp = `${path}.stamp`,
    fresh = `${path}.${process.pid}`;
  const key = createHash('sha256')
    .update([compiler, file, ...args, textWithIncludes(file)].join(' '))
    .digest('hex');
  return async () => {
    if (existsSync(path) && existsSync(stamp) && readFileSync(stamp, 'utf8') === key) return;
    const warnings = await run(compiler, [...args, '-c', file, '-o', fresh]);
    if (warnings) log(warnings);
    renameSync(fresh, path);
    writeFileSync(stamp, key);
  };
}

function compileJobs(compiler, chosen, extraFlags, headers, out, log) {
  const common = [...flags, ...extraFlags, '-I', headers];
  const { once, perIsa } = sources();
  const having = chosen.map(([isa]) => `-DTT_WITH_${isa}`);
  const jobs = once.map((file) => [`${file}.o`, compileJob(compiler, file, `${file}.o`, [...common, ...having], out, log)]);
  for (const [isa, bytes, isaFlags] of chosen)
    for (const file of perIsa) {
      const object = `${isa}.${file}.o`,
        args = [...common, `-DTT_ISA=${isa}`, `-DTT_VECTOR_BYTES=${bytes}`, ...isaFlags];
      jobs.push([object, compileJob(compiler, file, object, args, out, log)]);
    }
  return jobs;
}

/**
 * Builds the addon. Resolves to false where there is no C++ compiler (or it fails, after saying so), true when the addon is there.
 * `all` compiles every instruction set, `sanitize` with AddressSanitizer and UBSan, both into directories of their own; `cross` is a compiler for another machine (arm64).
 */
export async function buildNative({ log = console.log, sanitize = false, all = false, cross } = {}) {
  const compiler = cross ?? findCompiler();
  if (!compiler) return false;
  const arch = cross ? 'arm64' : process.arch;
  const out = join(root, 'build', `${process.platform}-${arch}${all ? '-all' : ''}${sanitize ? '-sanitize' : ''}`);
  const extra = sanitize ? ['-fsanitize=address,undefined', '-fno-omit-frame-pointer', '-g', '-O1'] : [];
  const headers = findHeaders();
  const chosen = chooseIsas(compiler, arch, all || cross);
  const version = execFileSync(compiler, ['--version'], { encoding: 'utf8' });
  const hash = sourceHash(
    compiler,
    version,
    JSON.stringify(chosen),
    ...flags,
    ...extra,
    readFileSync(fileURLToPath(import.meta.url)),
    headers,
  );
  const addon = join(out, 'typetorch.node'),
    stamp = join(out, 'hash');
  if (existsSync(addon) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return true;

  log(`Building the native library with ${compiler} …`);
  mkdirSync(out, { recursive: true });
  try {
    const jobs = compileJobs(compiler, chosen, extra, headers, out, log);
    await runAll(jobs.map(([, job]) => job));
    const link =
      process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : ['-Wl,-Bsymbolic', '-static-libstdc++', '-static-libgcc'];
    const fresh = `${addon}.${process.pid}`;
    await run(compiler, [
      '-shared',
      '-fPIC',
      ...(sanitize ? extra : link),
      ...jobs.map(([object]) => join(out, object)),
      '-pthread',
      '-o',
      fresh,
    ]);
    renameSync(fresh, addon);
  } catch (error) {
    log(String(error.message));
    return false;
  }
  writeFileSync(stamp, hash);
  return true;
}

if (process.argv[1] && fileURLToPath(import.meta.url) === realpathSync(process.argv[1])) {
  const cross = process.argv.find((arg) => arg.startsWith('--cross='))?.slice(8);
  const built = await buildNative({ sanitize: process.argv.includes('--sanitize'), all: process.argv.includes('--all'), cross });
  if (!built) console.error('The native library was not built.');
  process.exitCode = built ? 0 : 1;
}
