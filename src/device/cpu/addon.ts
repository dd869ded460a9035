/** The native addon. Node only. */
import { createRequire } from 'node:module';
import { totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Library, Request } from './library.js';

interface Addon extends Omit<Library, 'kind' | 'collector'> {
  sweep(): void;
  external(): void;
}

type Gc = (options?: { type: 'minor' | 'major' }) => void;

/** V8's `gc`, which a fresh context shows once the flag is set; null where that is forbidden. */
function findGc(): Gc | null {
  try {
    setFlagsFromString('--expose-gc');
    return runInNewContext('gc') as Gc;
  } catch {
    return null;
  }
}

let alone = false;

/**
 * Minor collections on one thread: they have so little to do that waking V8's helpers takes longer. Setting a flag takes 5 µs,
 * so that it stays until the program lets the event loop turn.
 */
function collectYoung(gc: Gc): void {
  if (!alone) {
    alone = true;
    setFlagsFromString('--no-parallel-scavenge');
    setImmediate(() => {
      alone = false;
      setFlagsFromString('--parallel-scavenge');
    }).unref();
  }
  gc({ type: 'minor' });
}

/** The path of the addon that `scripts/build-native.mjs` builds for this machine; `TYPETORCH_ADDON` names another. */
export function addonPath(): string {
  return (
    process.env.TYPETORCH_ADDON ??
    fileURLToPath(new URL(`../../../build/${process.platform}-${process.arch}/typetorch.node`, import.meta.url))
  );
}

/** Loads the addon at `path`; throws where it is missing or does not fit. */
export function loadAddon(path = addonPath()): Library {
  const addon = createRequire(import.meta.url)(path) as Addon;
  if (!addon.isa) throw new Error('it was built for another processor');
  const gc = findGc();
  const collector = {
    ...(gc ? { minor: () => collectYoung(gc), full: () => gc() } : {}),
    sweep: () => {
      addon.sweep();
      return addon.frame[1];
    },
    external: (bytes: number) => {
      addon.frame[1] = bytes;
      addon.external();
    },
  };
  limitMemory(addon);
  const { frame, call, alloc, release, send, take, adopt, detach, write, read, routines, ops, isa, sanitizer } = addon;
  return { kind: 'native', frame, call, alloc, release, send, take, adopt, detach, write, read, routines, ops, isa, sanitizer, collector };
}

/** Refuses allocations that the machine cannot back: the kernel would kill the process when they are touched. */
function limitMemory(addon: Addon): void {
  const constrained = process.constrainedMemory?.() ?? 0;
  const total = constrained > 0 && constrained < totalmem() ? constrained : totalmem();
  addon.frame[0] = Request.limit;
  addon.frame[1] = Math.floor(0.95 * total);
  addon.call();
}
