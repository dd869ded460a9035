/** Where the lesson's figures go: out/lesson, or the folder that TYPETORCH_FIGURES names. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

export function figurePath(name: string): string[] {
  const folder = process.env.TYPETORCH_FIGURES ?? join('out', 'lesson');
  mkdirSync(folder, { recursive: true });
  return ['svg', 'png'].map((format) => join(folder, `${name}.${format}`));
}
