/** Colours by name and number. */

/** '#ff0000', 'red' or [255, 0, 0]. */
export type Color = string | readonly [number, number, number];

const names: Readonly<Record<string, string>> = {
  black: '#000000',
  white: '#ffffff',
  gray: '#808080',
  grey: '#808080',
  silver: '#c0c0c0',
  red: '#ff0000',
  maroon: '#800000',
  yellow: '#ffff00',
  olive: '#808000',
  lime: '#00ff00',
  green: '#008000',
  aqua: '#00ffff',
  cyan: '#00ffff',
  teal: '#008080',
  blue: '#0000ff',
  navy: '#000080',
  fuchsia: '#ff00ff',
  magenta: '#ff00ff',
  purple: '#800080',
  orange: '#ffa500',
  pink: '#ffc0cb',
  brown: '#a52a2a',
  gold: '#ffd700',
  violet: '#ee82ee',
  indigo: '#4b0082',
  turquoise: '#40e0d0',
};

/** Red, green and blue, 0 to 255. */
export function parseColor(color: Color): readonly [number, number, number] {
  if (typeof color !== 'string') return color;
  const text = names[color.toLowerCase()] ?? color;
  const digits = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text)?.[1];
  if (!digits) throw new Error(`unknown color specifier: '${color}'`);
  const full = digits.length === 3 ? [...digits].map((digit) => digit + digit).join('') : digits;
  const value = Number.parseInt(full, 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

const isOne = (colors: Color | readonly Color[]): colors is Color => typeof colors === 'string' || typeof colors[0] === 'number';

/** A colour for each of `count` things: those given, one for all, or torchvision's palette. */
export function colorsOf(colors: Color | readonly Color[] | null | undefined, count: number): (readonly [number, number, number])[] {
  if (colors === null || colors === undefined)
    return Array.from({ length: count }, (_, i) => [(i * (2 ** 25 - 1)) % 255, (i * (2 ** 15 - 1)) % 255, (i * (2 ** 21 - 1)) % 255]);
  if (isOne(colors)) return new Array<readonly [number, number, number]>(count).fill(parseColor(colors));
  if (colors.length < count)
    throw new Error(`Number of colors must be equal or larger than the number of objects, but got ${colors.length} < ${count}.`);
  return colors.slice(0, count).map(parseColor);
}
