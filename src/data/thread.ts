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

/** Starts a module in a thread of its own. */
export function startThread(url: URL, events: ThreadEvents): Thread {
  const threads = globalThis.process?.getBuiltinModule?.('node:worker_threads');
  return threads ? startInNode(threads, url, events) : startInBrowser(url, events);
}

function startInNode({ Worker: NodeWorker }: typeof import('node:worker_threads'), url: URL, events: ThreadEvents): Thread {
  const worker = new NodeWorker(url);
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

function startInBrowser(url: URL, events: ThreadEvents): Thread {
  const worker = new Worker(url, { type: 'module' });
  worker.addEventListener('message', (event) => events.onMessage(event.data));
  worker.addEventListener('error', (event) => events.onEnd(new Error(event.message || `${url.href} does not load`)));
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    hold: () => {},
    terminate: async () => worker.terminate(),
  };
}
