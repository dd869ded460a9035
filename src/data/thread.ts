/** Worker threads of Node and of browsers alike. */

/** What a thread tells. */
export interface ThreadEvents {
  onMessage(message: unknown): void;
  /** The thread has ended, or could not begin. */
  onEnd(error: Error): void;
}

export interface Thread {
  post(message: unknown, transfer: Transferable[]): void;
  /** Whether the thread keeps the process alive. */
  hold(alive: boolean): void;
  terminate(): Promise<void>;
}

/** Starts `worker.ts` in a thread of its own. */
export function startThread(events: ThreadEvents): Thread {
  const threads = globalThis.process?.getBuiltinModule?.('node:worker_threads');
  return threads ? startInNode(threads, events) : startInBrowser(events);
}

function startInNode({ Worker: NodeWorker }: typeof import('node:worker_threads'), events: ThreadEvents): Thread {
  const worker = new NodeWorker(new URL('./worker.js', import.meta.url));
  worker.unref();
  worker.on('message', (message) => events.onMessage(message));
  worker.on('error', (error) => events.onEnd(error));
  worker.on('exit', (code) => events.onEnd(new Error(`it exited unexpectedly with code ${code}`)));
  return {
    post: (message, transfer) => worker.postMessage(message, transfer as ArrayBuffer[]),
    hold: (alive) => (alive ? worker.ref() : worker.unref()),
    terminate: async () => void (await worker.terminate()),
  };
}

function startInBrowser(events: ThreadEvents): Thread {
  // Bundlers look for these very words.
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  worker.addEventListener('message', (event) => events.onMessage(event.data));
  worker.addEventListener('error', (event) => events.onEnd(new Error(event.message || 'its program does not load')));
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    hold: () => {},
    terminate: async () => worker.terminate(),
  };
}
