/** Checkpoints by URL, kept in PyTorch's cache folder. https://pytorch.org/docs/stable/hub.html */
import * as torch from '../index.js';
import { downloadUrl } from './download.js';
import { builtin, isNode } from './node.js';

type StateDict = torch.nn.StateDict;

/** `$TORCH_HOME/hub`, by default `~/.cache/torch/hub`. */
export function getDir(): string {
  const { join } = builtin('node:path');
  const { TORCH_HOME, XDG_CACHE_HOME } = process.env;
  return join(TORCH_HOME ?? join(XDG_CACHE_HOME ?? join(builtin('node:os').homedir(), '.cache'), 'torch'), 'hub');
}

export interface LoadFromUrlOptions {
  /** By default the folder `checkpoints` of the hub. */
  modelDir?: string | null;
  progress?: boolean;
  /** Whether the file must have the hash that its name ends in: `resnet18-f37072fd.pth`. */
  checkHash?: boolean;
  fileName?: string | null;
}

const isUrl = (url: string): boolean => /^https?:\/\//.test(url);
const hashIn = (name: string): string | null => /-([a-f0-9]{8,})\.[^.]*$/.exec(name)?.[1] ?? null;

async function fetchBytes(url: string, sha256: string | null): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`HTTP Error ${response.status}: ${response.statusText} (${url})`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (sha256 === null) return bytes;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (!found.startsWith(sha256)) throw new Error(`invalid hash value (expected "${sha256}", got "${found}")`);
  return bytes;
}

/**
 * Loads the state dict at a URL, or in a file. Downloads are kept and found again; browsers keep what they cache anyway.
 * https://pytorch.org/docs/stable/hub.html#torch.hub.load_state_dict_from_url
 */
export async function loadStateDictFromUrl(url: string, options: LoadFromUrlOptions = {}): Promise<StateDict> {
  if (!isUrl(url)) return torch.load<StateDict>(url, { mapLocation: 'cpu' });
  const { progress = true, checkHash = false } = options;
  const name = options.fileName ?? new URL(url).pathname.split('/').at(-1)!;
  const sha256 = checkHash ? hashIn(name) : null;
  if (!isNode()) return torch.load<StateDict>(await fetchBytes(url, sha256), { mapLocation: 'cpu' });
  const folder = options.modelDir ?? builtin('node:path').join(getDir(), 'checkpoints');
  return torch.load<StateDict>(await downloadUrl(url, folder, { filename: name, sha256, progress }), { mapLocation: 'cpu' });
}
