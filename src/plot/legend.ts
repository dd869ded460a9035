export interface LegendEntry {
  label: string;
  color: string;
  kind: 'line' | 'dot' | 'box';
  dash?: string;
}

const corners = ['upper right', 'upper left', 'lower left', 'lower right'] as const;
export type LegendLocation = 'best' | (typeof corners)[number];

interface Rectangle {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

const rowHeight = 20;
const padding = 8;

export const escapeText = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Width in pixels of 12 px DejaVu Sans, roughly: wide scripts take a full em. */
const textWidth = (text: string): number => [...text].reduce((sum, char) => sum + (char.codePointAt(0)! > 0x2e7f ? 12 : 7.4), 0);

function sample({ color, kind, dash }: LegendEntry, y: number): string {
  if (kind === 'dot') return `<circle cx="22" cy="${y}" r="4" fill="${color}"/>`;
  if (kind === 'box') return `<rect x="8" y="${y - 5}" width="28" height="10" fill="${color}"/>`;
  return `<line x1="8" x2="36" y1="${y}" y2="${y}" stroke="${color}" stroke-width="2"${dash ? ` stroke-dasharray="${dash}"` : ''}/>`;
}

/** A box that names the entries, in a corner of the frame; `'best'` takes the corner that hides the fewest points. */
export function drawLegend(
  entries: readonly LegendEntry[],
  location: LegendLocation,
  frame: Rectangle,
  points: readonly [number, number][],
): string {
  const width = 48 + Math.max(...entries.map((entry) => textWidth(entry.label))) + padding;
  const height = entries.length * rowHeight + padding;
  const boxAt = (corner: (typeof corners)[number]): Rectangle => {
    const left = corner.endsWith('left') ? frame.left + padding : frame.right - padding - width;
    const top = corner.startsWith('upper') ? frame.top + padding : frame.bottom - padding - height;
    return { left, top, right: left + width, bottom: top + height };
  };
  const hidden = (box: Rectangle) => points.filter(([x, y]) => x >= box.left && x <= box.right && y >= box.top && y <= box.bottom).length;
  const choices = (location === 'best' ? [...corners] : [location]).map(boxAt);
  const box = choices.reduce((best, each) => (hidden(each) < hidden(best) ? each : best));
  const rows = entries.map((entry, i) => {
    const y = padding / 2 + (i + 0.5) * rowHeight;
    return `${sample(entry, y)}<text x="44" y="${y + 4}" font-size="12">${escapeText(entry.label)}</text>`;
  });
  const frameBox = `<rect width="${width}" height="${height}" rx="4" fill="white" fill-opacity="0.85" stroke="#cccccc"/>`;
  return `<g transform="translate(${box.left},${box.top})">${frameBox}${rows.join('')}</g>`;
}
