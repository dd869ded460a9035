import { defineConfig } from 'vitest/config';

const source = (path: string) => new URL(`../src/${path}`, import.meta.url).pathname;

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
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
          // Other tests of nn are about values that are read back in PyTorch too, such as the lengths of packed sequences.
          include: ['test/autograd/**/*.test.ts', 'test/nn/module.test.ts', 'test/optim/**/*.test.ts'],
          setupFiles: ['test/reference/setup.ts'],
        },
      },
    ],
  },
});
