/**
 * The program of a DataLoader's worker thread. It listens before it loads the library, which takes a while: in browsers, messages that find no listener
 * are lost.
 */
import { openPort } from './port.js';
import type { Request } from './protocol.js';

const port = openPort();
const early: Request[] = [];
let handle = (request: Request): void => void early.push(request);
port.listen((request) => handle(request));

const { serve } = await import('./serve.js');
handle = serve(port);
early.forEach(handle);
