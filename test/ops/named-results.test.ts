import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import * as torch from '../../src/index.js';

const x = torch.arange(6, { dtype: torch.float32 }).view(2, 3);

describe('named results', () => {
  test('print as in PyTorch', () => {
    const expected = 'torch.return_types.max(\nvalues=tensor([2., 5.]),\nindices=tensor([2, 2]))';
    expect(String(x.max(1))).toBe(expected);
    expect(inspect(x.max(1))).toBe(expected);
    expect(String(torch.linalg.eigh(torch.eye(2)))).toBe(
      'torch.return_types.linalg_eigh(\neigenvalues=tensor([1., 1.]),\neigenvectors=tensor([[1., 0.],\n        [0., 1.]]))',
    );
    expect(String(torch.slogdet(torch.eye(2)))).toBe('torch.return_types.slogdet(\nsign=tensor(1.),\nlogabsdet=tensor(0.))');
    expect(String(torch.histogramdd(x.t(), 2))).toBe(
      'torch.return_types.histogramdd(\nhist=tensor([[1., 0.],\n        [0., 2.]]),\nbin_edges=(tensor([0., 1., 2.]), tensor([3., 4., 5.])))',
    );
  });

  test.each([
    ['min', x.min(0)],
    ['sort', x.sort()],
    ['topk', x.topk(1)],
    ['kthvalue', x.kthvalue(1)],
    ['mode', x.mode()],
    ['median', x.median(1)],
    ['nanmedian', x.nanmedian(1)],
    ['cummax', x.cummax(0)],
    ['aminmax', x.aminmax()],
    ['frexp', x.frexp()],
    ['histogram', x.histogram(2)],
    ['geqrf', x.geqrf()],
    ['svd', x.svd()],
    ['qr', x.qr()],
    ['linalg_svd', torch.linalg.svd(x)],
    ['linalg_qr', torch.linalg.qr(x)],
    ['linalg_lu', torch.linalg.lu(x)],
    ['linalg_lu_factor_ex', torch.linalg.luFactorEx(x)],
    ['linalg_lstsq', torch.linalg.lstsq(x, x)],
    ['linalg_slogdet', torch.linalg.slogdet(torch.eye(2))],
    ['linalg_inv_ex', torch.linalg.invEx(torch.eye(2))],
    ['linalg_eig', torch.linalg.eig(torch.eye(2))],
  ])('%s knows its name', (name, result) => {
    expect(String(result)).toMatch(new RegExp(`^torch\\.return_types\\.${name}\\(\n`));
  });

  test('stay arrays', () => {
    const result = x.max(1);
    const [values, indices] = result;
    expect([result.length, result.values === values, result.indices === indices]).toEqual([2, true, true]);
    expect(Array.isArray(result)).toBe(true);
    expect(inspect(result.slice(1))).toBe('[ tensor([2, 2]) ]');
    expect(result.map((t) => t.dtype)).toEqual([torch.float32, torch.int64]);
  });

  test('survive deepcopy and vmap', () => {
    expect(String(torch.deepcopy(x.max(1)))).toBe(String(x.max(1)));
    expect(String(torch.func.vmap((row: torch.Tensor) => row.max(0))(x))).toBe(String(x.max(1)));
  });

  test('and packed sequences print as in PyTorch', () => {
    expect(String(torch.nn.utils.rnn.packSequence([torch.tensor([1, 2]), torch.tensor([3])]))).toBe(
      'PackedSequence(data=tensor([1, 3, 2]), batch_sizes=tensor([2, 1]), sorted_indices=None, unsorted_indices=None)',
    );
  });
});
