import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server of a few files that answers ranges, and can hang up in the middle. */
export class FileServer {
  readonly files = new Map<string, Uint8Array>();
  readonly requests: string[] = [];
  /** After how many bytes the next answers end. */
  readonly cuts: number[] = [];
  private server!: Server;

  async start(): Promise<void> {
    this.server = createServer((request, response) => this.answer(request, response));
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((done) => this.server.close(() => done()));
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const range = request.headers.range;
    this.requests.push(`${request.url} ${range ?? ''}`.trim());
    const file = this.files.get(request.url!.slice(1));
    if (!file) return void response.writeHead(404).end();
    const start = Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
    if (start >= file.length && range) return void response.writeHead(416).end();
    const body = file.subarray(start);
    const headers: Record<string, string | number> = { 'Content-Length': body.length };
    if (range) headers['Content-Range'] = `bytes ${start}-${file.length - 1}/${file.length}`;
    response.writeHead(range ? 206 : 200, headers);
    const cut = this.cuts.shift();
    if (cut === undefined) return void response.end(body);
    response.write(body.subarray(0, cut), () => setTimeout(() => response.destroy(), 20));
  }
}
