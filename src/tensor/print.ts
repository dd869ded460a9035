import { bool, complex64, complex128, type DType, float32, float64, int64 } from '../ir/dtype.js';

/** What `setPrintoptions` changes. https://pytorch.org/docs/stable/generated/torch.set_printoptions.html */
export interface PrintOptions {
  precision: number;
  /** More elements than this are summarised. */
  threshold: number;
  edgeitems: number;
  linewidth: number;
  /** null lets the numbers decide. */
  sciMode: boolean | null;
}

const profiles: Record<'default' | 'short' | 'full', Omit<PrintOptions, 'sciMode'>> = {
  default: { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80 },
  short: { precision: 2, threshold: 1000, edgeitems: 2, linewidth: 80 },
  full: { precision: 4, threshold: Infinity, edgeitems: 3, linewidth: 80 },
};

const printOptions: PrintOptions = { ...profiles.default, sciMode: null };

/**
 * Sets how tensors are printed; `profile` sets all at once. As in PyTorch, `sciMode` goes back to automatic unless given.
 * https://pytorch.org/docs/stable/generated/torch.set_printoptions.html
 * @example
 * torch.setPrintoptions({ precision: 2 });
 * torch.tensor([0.12345])  // tensor([0.12])
 */
export function setPrintoptions(options: Partial<PrintOptions> & { profile?: keyof typeof profiles } = {}): void {
  const { profile, ...given } = options;
  if (profile !== undefined && !Object.hasOwn(profiles, profile)) throw new Error(`unknown print profile '${profile}'`);
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== null));
  Object.assign(printOptions, profile && profiles[profile], { sciMode: null }, defined);
}

/**
 * The options in force, as a copy. https://pytorch.org/docs/stable/generated/torch.set_printoptions.html
 * @example torch.getPrintoptions().precision  // 4
 */
export const getPrintoptions = (): PrintOptions => ({ ...printOptions });

export type PrintedValue = number | bigint | boolean | { readonly re: number; readonly im: number };

/** What printing needs to know of a tensor. `get` reads the element at `offset + Σ index·stride` of the storage. */
export interface Printable {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  get(position: number): PrintedValue;
  readonly requiresGrad?: boolean;
  /** `AddBackward0` … */
  readonly gradFnName?: string | null;
  /** The device as PyTorch writes it (`cuda:0`); left out for the default device. */
  readonly device?: string | null;
}

/** The text of Python's `repr(tensor)`, character for character. `kind` heads it: `tensor` or a subclass's name. */
export function formatTensor(view: Printable, options: Partial<PrintOptions> & { defaultDtype?: DType; kind?: string } = {}): string {
  const { defaultDtype = float32, kind = 'tensor', ...overrides } = options;
  const opts = { ...printOptions, ...overrides };
  const prefix = `${kind}(`;
  const contents = prefix + formatContents(view, prefix.length, opts);
  return addSuffixes(contents, suffixes(view, defaultDtype), prefix.length, opts.linewidth);
}

function suffixes(view: Printable, defaultDtype: DType): string[] {
  const empty = numel(view.shape) === 0;
  const implied = empty ? [defaultDtype] : [defaultDtype, defaultDtype === float64 ? complex128 : complex64, int64, bool];
  const found: string[] = [];
  if (view.device) found.push(`device='${view.device}'`);
  if (empty && view.shape.length !== 1) found.push(`size=${formatTuple(view.shape)}`);
  if (!implied.includes(view.dtype)) found.push(`dtype=${view.dtype}`);
  if (view.gradFnName) found.push(`grad_fn=<${view.gradFnName}>`);
  else if (view.requiresGrad) found.push('requires_grad=True');
  return found;
}

function addSuffixes(text: string, parts: readonly string[], indent: number, linewidth: number): string {
  let column = text.length - text.lastIndexOf('\n') + 1;
  for (const part of parts) {
    const fits = column + part.length + 2 <= linewidth;
    text += fits ? `, ${part}` : `,\n${' '.repeat(indent)}${part}`;
    column = fits ? column + part.length + 2 : indent + part.length;
  }
  return text + ')';
}

/** A tuple of ints as Python writes it: `()`, `(3,)`, `(2, 3)`. */
export function formatTuple(values: readonly number[]): string {
  return values.length === 1 ? `(${values[0]},)` : `(${values.join(', ')})`;
}

const numel = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

function formatContents(view: Printable, indent: number, options: PrintOptions): string {
  const count = numel(view.shape);
  if (count === 0) return '[]';
  const edge = count > options.threshold ? options.edgeitems : Infinity;
  const values = shownPositions(view, edge).map((position) => view.get(position));
  const cell = view.dtype.isComplex ? complexCell(values, options) : realCell(values, view.dtype, options);
  return formatDim(view, view.offset, 0, { edge, indent, cell, linewidth: options.linewidth });
}

/** Positions in the storage of all elements that will be shown, row-major. */
function shownPositions({ shape, strides, offset }: Printable, edge: number): number[] {
  let positions = [offset];
  shape.forEach((size, dim) => {
    const { head, tail } = shownIndices(size, edge);
    positions = positions.flatMap((base) => [...head, ...tail].map((i) => base + i * strides[dim]));
  });
  return positions;
}

function shownIndices(size: number, edge: number): { head: number[]; tail: number[]; cut: boolean } {
  const cut = size > 2 * edge;
  const head = Array.from({ length: cut ? edge : size }, (_, i) => i);
  return { head, tail: cut ? head.map((i) => size - edge + i) : [], cut };
}

interface Layout {
  readonly edge: number;
  readonly indent: number;
  readonly linewidth: number;
  readonly cell: Cell;
}

function formatDim(view: Printable, position: number, dim: number, layout: Layout): string {
  const rest = view.shape.length - dim;
  if (rest === 0) return layout.cell.format(view.get(position));
  const { head, tail, cut } = shownIndices(view.shape[dim], layout.edge);
  const item = (i: number) => formatDim(view, position + i * view.strides[dim], dim + 1, layout);
  const items = [...head.map(item), ...(cut ? [rest === 1 ? ' ...' : '...'] : []), ...tail.map(item)];
  const newLine = '\n'.repeat(Math.max(1, rest - 1)) + ' '.repeat(layout.indent + dim + 1);
  if (rest > 1) return `[${items.join(',' + newLine)}]`;
  const perLine = Math.max(1, Math.floor((layout.linewidth - layout.indent - dim) / (layout.cell.width + 2)));
  return `[${chunks(items, perLine)
    .map((line) => line.join(', '))
    .join(',' + newLine)}]`;
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

/** How one element is written: all of a tensor's elements share width and style. */
interface Cell {
  readonly width: number;
  format(value: PrintedValue): string;
}

function realCell(values: readonly PrintedValue[], dtype: DType, options: PrintOptions): Cell {
  return dtype.isFloatingPoint ? floatCell(values as number[], options) : plainCell(values);
}

function plainCell(values: readonly PrintedValue[]): Cell {
  const text = (value: PrintedValue) => (typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value));
  const width = longest(values.map(text));
  return { width, format: (value) => text(value).padStart(width) };
}

function floatCell(values: readonly number[], { precision, sciMode }: PrintOptions): Cell {
  const normal = values.filter((value) => Number.isFinite(value) && value !== 0);
  const style = chooseStyle(normal);
  const scientific = sciMode ?? style.scientific;
  const write = scientific ? (x: number) => formatExponential(x, precision) : fixed(style.integers, precision);
  const width = longest(normal.map(write));
  return { width, format: (value) => write(value as number).padStart(width) };
}

function chooseStyle(normal: readonly number[]): { integers: boolean; scientific: boolean } {
  let [low, high] = [Infinity, 0];
  for (const value of normal) {
    low = Math.min(low, Math.abs(value));
    high = Math.max(high, Math.abs(value));
  }
  const integers = normal.every(Number.isInteger);
  return { integers, scientific: normal.length > 0 && (high / low > 1000 || high > 1e8 || (!integers && low < 1e-4)) };
}

const fixed =
  (integers: boolean, precision: number) =>
  (x: number): string =>
    integers ? formatFixed(x, 0) + (Number.isFinite(x) ? '.' : '') : formatFixed(x, precision);

function complexCell(values: readonly PrintedValue[], options: PrintOptions): Cell {
  const parts = values as { re: number; im: number }[];
  const re = floatCell(
    parts.map((value) => value.re),
    options,
  );
  const im = floatCell(
    parts.map((value) => value.im),
    options,
  );
  const format = (value: PrintedValue): string => {
    const z = value as { re: number; im: number };
    const imag = im.format(z.im).trimStart() + 'j';
    return re.format(z.re) + (imag.startsWith('-') ? '' : '+') + imag;
  };
  return { width: re.width + im.width + 1, format };
}

const longest = (texts: readonly string[]): number => texts.reduce((most, text) => Math.max(most, text.length), 1);

/** Python's `'{:.{digits}f}'.format(x)`: exact, ties to even, never an exponent. */
export function formatFixed(x: number, digits: number): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  const sign = x < 0 || Object.is(x, -0) ? '-' : '';
  const size = Math.abs(x);
  if (size >= 1e21) return sign + BigInt(size) + (digits > 0 ? '.' + '0'.repeat(digits) : '');
  const rounded = size.toFixed(digits);
  // Only multiples of 2^-(digits+1) can lie exactly between two decimals; JavaScript rounds those up.
  if (!Number.isInteger(size * 2 ** (digits + 1)) || !size.toFixed(digits + 1).endsWith('5') || isEven(rounded)) return sign + rounded;
  return sign + size.toFixed(digits + 1).slice(0, digits === 0 ? -2 : -1);
}

/** Python's `'{:.{digits}e}'.format(x)`: exact, ties to even, an exponent of two digits or more. */
export function formatExponential(x: number, digits: number): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  const sign = x < 0 || Object.is(x, -0) ? '-' : '';
  const size = Math.abs(x);
  const [exact, exactExponent] = size.toExponential(100).split('e');
  const truncated = exact.slice(0, digits === 0 ? 1 : digits + 2);
  const tieToEven = /^\.?50*$/.test(exact.slice(truncated.length)) && isEven(truncated);
  const [mantissa, exponent] = tieToEven ? [truncated, exactExponent] : size.toExponential(digits).split('e');
  return `${sign}${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}

const isEven = (decimal: string): boolean => Number(decimal.at(-1)) % 2 === 0;
const nonFinite = (x: number): string => (Number.isNaN(x) ? 'nan' : x > 0 ? 'inf' : '-inf');
