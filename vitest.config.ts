import { defineConfig } from 'vitest/config';

const source = (path: string) => new URL(`./src/${path}`, import.meta.url).pathname;

export default defineConfig({
  resolve: {
    alias: [
      { find: /^typetorch$/, replacement: source('index.ts') },
      { find: /^typetorch\/(safetensors|numpy)$/, replacement: source('serialize/$1.ts') },
      { find: /^typetorch\/(\w+)$/, replacement: source('$1/index.ts') },
    ],
  },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    projects: [
      { extends: true, test: { name: 'cpu', include: ['test/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'reference',
          include: ['test/{autograd,nn,optim}/**/*.test.ts'],
          // Packed sequences, averages of weights and adaptive softmax read lengths and counts back, in PyTorch too.
          exclude: ['**/fuzz.test.ts', '**/packed.test.ts', '**/training-tools.test.ts'],
          setupFiles: ['test/reference/setup.ts'],
        },
      },
    ],
  },
});
