/** A case as TypeScript that can be pasted and run. */
import { encodedValues } from './build.js';
import { camel, camelPath, type Call, type Encoded, type EncodedObject, type EncodedTensor, isTensor, numel } from './corpus.js';

function scalarText(value: number | bigint, dtype: string): string {
  if (dtype === 'bool') return value ? 'true' : 'false';
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? String(value) : `${value}n`;
  return String(Math.fround(value) === value && dtype === 'float32' ? Number(value.toPrecision(9)) : value);
}

function nest(items: string[], shape: number[]): string {
  if (shape.length === 0) return items[0];
  const size = items.length / (shape[0] || 1);
  return `[${Array.from({ length: shape[0] }, (_, i) => nest(items.slice(i * size, (i + 1) * size), shape.slice(1))).join(', ')}]`;
}

function tensorText(t: EncodedTensor): string {
  const tail = t.requires_grad ? ', requiresGrad: true' : '';
  const count = numel(t.shape);
  if (count === 0 || t.data === undefined) return `torch.empty([${t.shape}], {dtype: torch.${t.dtype}${tail}})`;
  if (count > 64)
    return `torch.frombuffer(Uint8Array.from(Buffer.from('${t.data}', 'base64')).buffer, {dtype: torch.${t.dtype}}).reshape([${t.shape}])${t.requires_grad ? '.requiresGrad_()' : ''}`;
  const values = encodedValues(t);
  const step = t.dtype.startsWith('complex') ? 2 : 1;
  const items = Array.from({ length: count }, (_, i) =>
    step === 2 ? `{re: ${values[2 * i]}, im: ${values[2 * i + 1]}}` : scalarText(values[i], t.dtype),
  );
  const stride = t.stride ? ` /* strides ${t.stride} */` : '';
  return `torch.tensor(${nest(items, t.shape)}, {dtype: torch.${t.dtype}${tail}})${stride}`;
}

export function valueText(e: Encoded): string {
  if (Array.isArray(e)) return `[${e.map(valueText).join(', ')}]`;
  if (e === null || typeof e !== 'object') return JSON.stringify(e);
  if (isTensor(e)) return tensorText(e);
  switch (e.$) {
    case 'float':
      return typeof e.v === 'string' ? e.v.replace('inf', 'Infinity').replace('nan', 'NaN') : String(e.v as number);
    case 'int':
      return `${e.v as string}n`;
    case 'complex':
      return `{re: ${valueText(e.re as Encoded)}, im: ${valueText(e.im as Encoded)}}`;
    case 'dtype':
      return `torch.${e.v as string}`;
    case 'ellipsis':
      return "'...'";
    case 'slice':
      return `'${(e.start as number | null) ?? ''}:${(e.stop as number | null) ?? ''}${e.step === null ? '' : `:${e.step as number}`}'`;
    default:
      return valueText((e.v as Encoded) ?? null);
  }
}

export const optionsText = (kwargs: Record<string, Encoded>): string[] =>
  Object.keys(kwargs).length === 0
    ? []
    : [
        `{${Object.entries(kwargs)
          .map(([key, value]) => `${camel(key)}: ${valueText(value)}`)
          .join(', ')}}`,
      ];

export function callText(call: Call, args: Encoded[], kwargs: Record<string, Encoded>): string {
  const texts = [...args.map(valueText), ...optionsText(kwargs)];
  const [self, ...rest] = texts;
  const clone = call.clone_self ? `${self}.clone()` : self;
  const text = () => {
    if (call.kind === 'function') return `${camelPath(call.path!)}(${texts.join(', ')})`;
    if (call.kind === 'property') return `${self}.${call.name}`;
    if (call.name === '__getitem__') return `${self}.at(${indexText(args[1])})`;
    if (call.name === '__setitem__') return `${clone}.setAt([${indexText(args[1])}], ${rest[1]})`;
    return `${clone}.${camel(call.name!.replaceAll('__', ''))}(${rest.join(', ')})`;
  };
  return text() + (call.select === undefined ? '' : `[${call.select}]`);
}

const indexText = (index: Encoded): string => {
  const isTuple = typeof index === 'object' && index !== null && (index as EncodedObject).$ === 'tuple';
  return isTuple ? ((index as EncodedObject).v as Encoded[]).map(valueText).join(', ') : valueText(index);
};
