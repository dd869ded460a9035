/** The corpus as it lies on disk; its README is the specification. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** An encoded value: JSON as it stands, or an object whose `$` names its kind. */
export type Encoded = null | boolean | number | string | Encoded[] | EncodedObject;
export interface EncodedObject {
  $: string;
  v?: Encoded;
  [key: string]: unknown;
}

export interface EncodedTensor extends EncodedObject {
  dtype: string;
  shape: number[];
  data?: string;
  stride?: number[];
  requires_grad?: boolean;
  layout?: string;
  device?: string;
}

export interface Call {
  kind: 'function' | 'method' | 'property' | 'operator';
  path?: string;
  name?: string;
  select?: number;
  clone_self?: boolean;
}

export interface GradSpec {
  cotangents: (EncodedTensor | null)[];
  grads: { path: string; grad: EncodedTensor | null }[];
  noise?: (number | null)[];
  param_grads?: Record<string, EncodedTensor | null>;
  param_noise?: Record<string, number | null>;
}

export interface Case {
  id: string;
  dtype?: string;
  variant?: string;
  call?: Call;
  args: Encoded[];
  kwargs: Record<string, Encoded>;
  compare: string;
  output_compare?: string[];
  property?: string;
  integral_float?: unknown;
  seed?: number;
  output: Encoded;
  noise?: (number | null)[];
  grad?: GradSpec;
  forms?: string[];
  [key: string]: unknown;
}

export interface ErrorCase {
  id?: string;
  variant: string;
  call: Call;
  args: Encoded[];
  kwargs: Record<string, Encoded>;
  error: { type: string; message: string; regex: string };
}

export interface Tolerance {
  rtol: number;
  atol: number;
}

export interface Variant {
  variant: string;
  forms: Record<string, string>;
  signatures: string[];
  supports_autograd: boolean;
  tolerances: { overrides: Record<string, { atol: number | null; rtol: number | null }> }[];
}

export interface CorpusFile {
  op?: string;
  class?: string;
  tolerances?: Variant['tolerances'];
  variants?: Variant[];
  cases: Case[];
  errors?: ErrorCase[];
}

export interface CorpusIndex {
  default_tolerances: Record<string, Tolerance>;
  corpora: Record<string, { name: string; file: string; bytes: number; cases: number }[]>;
}

const readJson = (path: string): unknown => JSON.parse(gunzipSync(readFileSync(path)).toString('utf8'));
const bundles = new Map<string, Record<string, CorpusFile>>();

/** One file of a corpus; a small corpus may be one bundle of all its files. */
export function readCorpusFile(root: string, file: string): CorpusFile {
  const bundle = join(root, 'bundle.json.gz');
  if (!existsSync(bundle)) return readJson(join(root, file)) as CorpusFile;
  if (!bundles.has(root)) bundles.set(root, readJson(bundle) as Record<string, CorpusFile>);
  return bundles.get(root)![file];
}

export const readIndex = (root: string): CorpusIndex => JSON.parse(readFileSync(join(root, 'index.json'), 'utf8')) as CorpusIndex;

/** `log_softmax` → `logSoftmax`, `index_add_` → `indexAdd_`, `_x` stays. */
export const camel = (name: string): string => name.replace(/(?<=[^_])_+([A-Za-z0-9])/g, (_, next: string) => next.toUpperCase());

export const camelPath = (path: string): string => path.split('.').map(camel).join('.');

export const isTensor = (value: unknown): value is EncodedTensor =>
  typeof value === 'object' && value !== null && (value as EncodedObject).$ === 'tensor';

const halfToNumber = (bits: number): number => {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
};

const word = new Uint32Array(1);
const bfloatToNumber = (bits: number): number => {
  word[0] = bits << 16;
  return new Float32Array(word.buffer)[0];
};

export type Values = ArrayLike<number> | BigInt64Array;

/** Bytes of the logical values, row-major, in memory of their own (so that typed arrays may lie on them). */
export const tensorBytes = (tensor: EncodedTensor): ArrayBuffer => Uint8Array.from(Buffer.from(tensor.data ?? '', 'base64')).buffer;

/** Raw memory of a dtype as numbers; complex ones interleaved. */
export function bytesToValues(raw: ArrayBuffer, dtype: string): Values {
  switch (dtype) {
    case 'float32':
    case 'complex64':
      return new Float32Array(raw);
    case 'float64':
    case 'complex128':
      return new Float64Array(raw);
    case 'float16':
    case 'complex32':
      return Float64Array.from(new Uint16Array(raw), halfToNumber);
    case 'bfloat16':
      return Float64Array.from(new Uint16Array(raw), bfloatToNumber);
    case 'int64':
      return new BigInt64Array(raw);
    case 'int32':
      return new Int32Array(raw);
    case 'int16':
      return new Int16Array(raw);
    case 'int8':
      return new Int8Array(raw);
    case 'uint16':
      return new Uint16Array(raw);
    default:
      return new Uint8Array(raw);
  }
}

export const itemsize: Record<string, number> = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  bool: 1,
  complex64: 8,
  complex128: 16,
};

export const numel = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

export const toNumber = (value: unknown): number =>
  typeof value === 'string' ? Number(value.replace('inf', 'Infinity').replace('nan', 'NaN')) : Number(value);
