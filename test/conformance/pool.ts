/** Child processes that work through the corpus; a child that dies or hangs costs one case. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Job, Report, Result } from './worker.js';

export type OnResult = (job: Job, result: Result) => void;

const workerFile = fileURLToPath(new URL('worker.js', import.meta.url));

const lost = (id: string, message: string): Result => ({ id, dtype: 'unknown', outcomes: [{ stage: 'forward', status: 'fail', message }] });

/** Runs `jobs` on `count` children; a case longer than `timeout` ms is ended. */
export function runPool(jobs: Job[], count: number, timeout: number, onResult: OnResult): Promise<void> {
  const queue = [...jobs];
  return Promise.all(Array.from({ length: Math.min(count, jobs.length) }, () => runLane(queue, timeout, onResult))).then(() => undefined);
}

async function runLane(queue: Job[], timeout: number, onResult: OnResult): Promise<void> {
  let child: ChildProcess | null = null;
  for (let job = queue.shift(); job; job = queue.shift()) {
    for (let finished = false; !finished;) {
      child ??= fork(workerFile, {
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        env: { ...process.env, ...(job.engine ? { TYPETORCH_CPU: job.engine } : {}) },
      });
      finished = await runInChild(child, job, timeout, onResult);
      if (child.exitCode !== null || child.signalCode !== null) child = null;
    }
  }
  child?.disconnect();
}

/** True if the child came to the end of the file; false if it died, after which the file goes on in a new child. */
function runInChild(child: ChildProcess, job: Job, timeout: number, onResult: OnResult): Promise<boolean> {
  return new Promise((resolve) => {
    let current = '';
    let timer: NodeJS.Timeout | undefined;
    let stderr = '';
    const onStderr = (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-2000));
    const settle = (finished: boolean) => {
      clearTimeout(timer);
      child.removeAllListeners('message').removeAllListeners('exit').removeAllListeners('error');
      child.stderr?.off('data', onStderr);
      resolve(finished);
    };
    const watch = () => {
      clearTimeout(timer);
      timer = setTimeout(() => child.kill('SIGKILL'), timeout);
    };
    child.stderr?.on('data', onStderr);
    child.on('message', (report: Report) => {
      if (report.type === 'end') return settle(true);
      watch();
      if (report.type === 'start') current = report.id;
      else {
        job.done.push(report.result.id);
        onResult(job, report.result);
        current = '';
      }
    });
    child.on('exit', (code, signal) => {
      const why =
        signal === 'SIGKILL'
          ? `no result within ${timeout / 1000} s, or out of memory`
          : `the process died: ${signal ?? `exit code ${code}`} ${stderr.trim()}`;
      if (current) {
        job.done.push(current);
        onResult(job, lost(current, why));
        return settle(false);
      }
      onResult(job, lost(job.file, why));
      settle(true);
    });
    child.send(job);
  });
}
