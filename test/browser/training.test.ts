import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const browser = ['chromium', 'chromium-browser', 'google-chrome'].find((name) => spawnSync(name, ['--version']).status === 0);
const reason = !browser
  ? 'no Chromium here'
  : !existsSync(join(root, 'build/wasm/typetorch.wasm'))
    ? 'the WebAssembly library is not built (node scripts/build-wasm.mjs)'
    : '';

/** What the page does; the same runs in Node below. */
const script = `
  const { nn, optim } = torch;
  torch.manualSeed(0);
  const net = new nn.Sequential(new nn.Linear(8, 32), new nn.ReLU(), new nn.Linear(32, 1));
  const optimizer = new optim.Adam(net.parameters(), { lr: 1e-2 });
  const x = torch.randn(64, 8), y = x.sum(1, true);
  let loss;
  for (let i = 0; i < 100; i++) {
    optimizer.zeroGrad();
    loss = nn.functional.mseLoss(net(x), y);
    loss.backward();
    optimizer.step();
  }
  const again = torch.load(torch.save(net.stateDict()));
  return { loss: loss.item(), printed: String(loss), equal: torch.equal(again['0.weight'], net.stateDict()['0.weight']) };
`;
const page = `<script type="importmap">{"imports": {"typetorch": "/dist/index.js"}}</script>
<script type="module">
  const tell = (result) => fetch('/result', { method: 'POST', body: JSON.stringify(result) });
  try {
    const torch = await import('typetorch');
    await tell((() => {${script}})());
  } catch (error) {
    await tell({ error: String(error && error.stack) });
  }
</script>`;

const types: Record<string, string> = { '.js': 'text/javascript', '.wasm': 'application/wasm' };

/** Serves the page and the library on this machine only; resolves with what the page posts. */
function serve(): { server: Server; result: Promise<Record<string, unknown>> } {
  let done: (value: Record<string, unknown>) => void;
  const result = new Promise<Record<string, unknown>>((resolve) => (done = resolve));
  const server = createServer((request, response) => {
    if (request.method === 'POST') {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => (response.end(), done(JSON.parse(body) as Record<string, unknown>)));
      return;
    }
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname);
    const file = join(root, path);
    if (path === '/') response.writeHead(200, { 'content-type': 'text/html' }).end(page);
    else if (/^\/(dist|build\/wasm)\//.test(path) && existsSync(file))
      response.writeHead(200, { 'content-type': types[extname(file)] ?? 'text/plain' }).end(readFileSync(file));
    else response.writeHead(404).end();
  });
  return { server, result };
}

test.skipIf(reason)(`a network trains in a browser as in Node${reason && ` (${reason})`}`, async () => {
  const { server, result } = serve();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const profile = mkdtempSync(join(tmpdir(), 'typetorch-browser-'));
  const flags = ['--headless=new', '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking'];
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const child = spawn(browser!, [...flags, '--disable-component-update', '--disable-sync', `--user-data-dir=${profile}`, url], {
    stdio: 'ignore',
    detached: true,
  });
  try {
    const inBrowser = await result;
    const torch = await import('typetorch');
    const inNode = new Function('torch', script)(torch) as { loss: number; printed: string };
    expect(inBrowser.error).toBeUndefined();
    expect(inBrowser).toMatchObject({ printed: inNode.printed, equal: true });
    expect(inBrowser.loss as number).toBeCloseTo(inNode.loss, 5);
  } finally {
    // The browser's processes are a group of their own.
    process.kill(-child.pid!, 'SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    server.close();
    server.closeAllConnections();
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
});
