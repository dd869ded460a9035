// Each layer may import itself and the layers before it (docs/design.md). Layers of one row do not see each other's insides,
// but for the pairs named in `also`.
const rows = [
  ['ir'],
  ['device'],
  ['tensor'],
  ['autograd'],
  ['ops'],
  ['compile'],
  ['nn', 'optim', 'amp', 'data', 'serialize', 'distributed', 'distributions'],
];
const also = { optim: ['nn'], serialize: ['nn', 'optim'], distributed: ['nn', 'optim', 'data'], distributions: ['nn'] };
const companions = ['vision', 'text', 'audio', 'lightning', 'plot'];

const layerRules = rows.flatMap((row, height) =>
  row.map((layer) => {
    const allowed = [...rows.slice(0, height).flat(), layer, ...(also[layer] ?? [])];
    return {
      name: `layer-${layer}`,
      severity: 'error',
      from: { path: `^src/${layer}/` },
      to: { path: '^src/', pathNot: `^src/(${allowed.join('|')})/` },
    };
  }),
);

const companionRules = companions.map((name) => ({
  name: `companion-${name}`,
  severity: 'error',
  comment: 'Companions import only the public face, and what is meant for them.',
  from: { path: `^src/${name}/` },
  to: { path: '^src/', pathNot: `^src/(index\\.ts|companion\\.ts|${name}/)` },
}));

module.exports = {
  forbidden: [{ name: 'no-circular', severity: 'error', from: {}, to: { circular: true } }, ...layerRules, ...companionRules],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
};
