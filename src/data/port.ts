import type { Ready, Reply, Request } from './protocol.js';

export interface Port {
  postMessage(message: Reply | Ready, transfer: Transferable[]): void;
  listen(handle: (message: Request) => void): void;
}

/** The main thread, as a worker sees it. */
export function openPort(): Port {
  const node = globalThis.process?.getBuiltinModule?.('node:worker_threads').parentPort;
  if (node) {
    return {
      postMessage: (message, transfer) => node.postMessage(message, transfer as ArrayBuffer[]),
      listen: (handle) => void node.on('message', handle),
    };
  }
  const scope = globalThis as unknown as DedicatedWorkerGlobalScope;
  return {
    postMessage: (message, transfer) => scope.postMessage(message, transfer),
    listen: (handle) => scope.addEventListener('message', (event) => handle(event.data as Request)),
  };
}

/** What a browser's worker has; the types of the page are loaded instead. */
interface DedicatedWorkerGlobalScope {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
}
