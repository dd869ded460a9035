/** Encoded values → arguments of the library. */
import {
  bytesToValues,
  camel,
  camelPath,
  type Encoded,
  type EncodedObject,
  type EncodedTensor,
  itemsize,
  numel,
  tensorBytes,
  toNumber,
} from './corpus.js';
import { type Dynamic, resolve, Skipped, type Tensor } from './torch.js';

export class Builder {
  constructor(
    readonly torch: Dynamic,
    readonly device: string,
  ) {}

  value = (encoded: Encoded): unknown => {
    if (Array.isArray(encoded)) return encoded.map(this.value);
    if (encoded === null || typeof encoded !== 'object') return encoded;
    return this.special(encoded);
  };

  options(kwargs: Record<string, Encoded>): Record<string, unknown> {
    return Object.fromEntries(Object.entries(kwargs).map(([key, value]) => [camel(key), this.value(value)]));
  }

  /** Positional arguments, and one options object if there are keyword arguments. */
  args(args: Encoded[], kwargs: Record<string, Encoded>): unknown[] {
    const built = args.map(this.value);
    return Object.keys(kwargs).length > 0 ? [...built, this.options(kwargs)] : built;
  }

  private special(o: EncodedObject): unknown {
    switch (o.$) {
      case 'tensor':
        return this.tensor(o as EncodedTensor);
      case 'float':
        return toNumber(o.v);
      case 'int':
        return BigInt(o.v as string);
      case 'complex':
        return { re: toNumber((o.re as EncodedObject).v), im: toNumber((o.im as EncodedObject).v) };
      case 'tuple':
      case 'namedtuple':
      case 'size':
        return (o.v as Encoded[]).map(this.value);
      case 'dict':
        return Object.fromEntries(
          Object.entries(o.v as unknown as Record<string, Encoded>).map(([key, value]) => [key, this.value(value)]),
        );
      case 'dtype':
        if (itemsize[o.v as string] === undefined) throw new Skipped(`dtype ${o.v as string} is not in the library`);
        return this.torch[o.v as string];
      case 'device':
        return o.v === 'cpu' ? this.device : o.v;
      case 'layout':
      case 'memory_format':
        return o.v;
      case 'slice':
        return this.slice(o);
      case 'ellipsis':
        return '...';
      case 'generator':
        return new this.torch.Generator({ device: o.device }).manualSeed(o.seed);
      case 'function':
        return resolve(this.torch, camelPath(o.path as string)).value;
      case 'module':
        return new (resolve(this.torch, o.class as string).value)(...this.args(o.args as Encoded[], o.kwargs as Record<string, Encoded>));
      case 'lambda':
        return new Function(o.param as string, `return ${o.expr as string}`);
      default:
        throw new Skipped(`values of kind ${o.$}`);
    }
  }

  private slice({ start, stop, step }: EncodedObject): string {
    const text = `${(start as number | null) ?? ''}:${(stop as number | null) ?? ''}`;
    return step === null ? text : `${text}:${step as number}`;
  }

  tensor(t: EncodedTensor): Tensor {
    if (t.layout !== undefined && t.layout !== 'strided') throw new Skipped(`layout ${t.layout}`);
    if (t.device === 'meta') throw new Skipped('meta tensors');
    if (itemsize[t.dtype] === undefined) throw new Skipped(`dtype ${t.dtype} is not in the library`);
    let tensor =
      numel(t.shape) === 0
        ? this.empty(t)
        : t.stride
          ? this.strided(t, t.stride)
          : this.fromBytes(tensorBytes(t), t.dtype).reshape(t.shape);
    if (t.requires_grad) tensor = tensor.requiresGrad_();
    return tensor as unknown as Tensor;
  }

  private fromBytes(bytes: ArrayBuffer, dtype: string): Dynamic {
    const tensor = this.torch.frombuffer(bytes, { dtype: this.torch[dtype] });
    return this.device === 'cpu' ? tensor : tensor.to(this.device);
  }

  private empty(t: EncodedTensor): Dynamic {
    return this.torch.empty(t.shape, { dtype: this.torch[t.dtype], device: this.device });
  }

  /** Allocates what the strides span, puts each logical value at its place, and views that. */
  private strided(t: EncodedTensor, stride: number[]): Dynamic {
    const span = 1 + t.shape.reduce((sum, size, dim) => sum + (size - 1) * stride[dim], 0);
    const size = itemsize[t.dtype];
    const source = new Uint8Array(tensorBytes(t));
    const target = new Uint8Array(span * size);
    forEachPosition(t.shape, stride, (i, position) => target.set(source.subarray(i * size, (i + 1) * size), position * size));
    return this.fromBytes(target.buffer, t.dtype).asStrided(t.shape, stride);
  }
}

function forEachPosition(shape: number[], stride: number[], visit: (index: number, position: number) => void): void {
  const index = shape.map(() => 0);
  let position = 0;
  for (let i = 0; i < numel(shape); i++) {
    visit(i, position);
    for (let dim = shape.length - 1; dim >= 0; dim--) {
      position += stride[dim];
      if (++index[dim] < shape[dim]) break;
      position -= stride[dim] * shape[dim];
      index[dim] = 0;
    }
  }
}

/** The value of an encoded tensor as plain numbers, for the comparison. */
export const encodedValues = (t: EncodedTensor) => bytesToValues(tensorBytes(t), t.dtype);
