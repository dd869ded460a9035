/** Products of float32 and float64: PyTorch 2.13 does not promote them, and says so in many ways. Integers become floats. */
import * as torch from 'typetorch';
import { expect, it } from 'vitest';

const { functional: F } = torch.nn;
const ones = (dtype: torch.DType, ...sizes: number[]): torch.Tensor => torch.ones(sizes, { dtype });

const [f, d] = [torch.float32, torch.float64];
const cases: Record<string, [run: () => unknown, message: string]> = {
  mm: [() => ones(f, 2, 2).mm(ones(d, 2, 2)), 'expected m1 and m2 to have the same dtype, but got: float != double'],
  bmm: [() => ones(d, 2, 2, 2).bmm(ones(f, 2, 2, 2)), 'expected scalar type Double but found Float'],
  mv: [() => ones(f, 2, 2).mv(ones(d, 2)), 'addmv input tensors must have the same dtype, but got Double, Float, and Double'],
  dot: [() => ones(f, 2).matmul(ones(d, 2)), 'dot : expected both vectors to have same dtype, but found Float and Double'],
  'a batch by a matrix': [
    () => ones(f, 3, 2, 2).matmul(ones(d, 2, 2)),
    'expected m1 and m2 to have the same dtype, but got: float != double',
  ],
  'a batch by a vector': [
    () => ones(f, 3, 2, 2).matmul(ones(d, 2)),
    'addmv input tensors must have the same dtype, but got Double, Float, and Double',
  ],
  addmm: [
    () => torch.addmm(ones(f, 2, 2), ones(d, 2, 2), ones(d, 2, 2)),
    'self and mat2 must have the same dtype, but got Float and Double',
  ],
  addmv: [
    () => torch.addmv(ones(f, 2), ones(d, 2, 2), ones(d, 2)),
    'addmv input tensors must have the same dtype, but got Float, Double, and Double',
  ],
  baddbmm: [
    () => torch.baddbmm(ones(f, 2, 2, 2), ones(d, 2, 2, 2), ones(d, 2, 2, 2)),
    'Input dtypes must be the same, got: input float, batch1: double, batch2: double',
  ],
  addbmm: [
    () => torch.addbmm(ones(f, 2, 2), ones(d, 2, 2, 2), ones(d, 2, 2, 2)),
    'self and mat2 must have the same dtype, but got Float and Double',
  ],
  linear: [() => new torch.nn.Linear(2, 2)(ones(d, 3, 2)), 'mat1 and mat2 must have the same dtype, but got Double and Float'],
  conv2d: [() => new torch.nn.Conv2d(1, 1, 2)(ones(d, 1, 1, 3, 3)), 'Input type (double) and bias type (float) should be the same'],
  'conv2d without bias': [() => F.conv2d(ones(d, 1, 1, 3, 3), ones(f, 1, 1, 2, 2)), 'expected scalar type Double but found Float'],
  lstm: [
    () => new torch.nn.LSTM(2, 2)(ones(d, 2, 1, 2)),
    'RNN input dtype (torch.float64) does not match weight dtype (torch.float32). Convert input: input.to(torch.float32), or convert model: model.to(torch.float64)',
  ],
  tensordot: [() => torch.tensordot(ones(f, 2, 2), ones(d, 2, 2)), 'both inputs should have same dtype'],
  inner: [() => torch.inner(ones(f, 2), ones(d, 2)), 'both inputs should have same dtype'],
  cdist: [() => torch.cdist(ones(f, 2, 2), ones(d, 2, 2)), 'expected scalar type Float but found Double'],
  multiDot: [
    () => torch.linalg.multiDot([ones(f, 2, 2), ones(d, 2, 2)]),
    'multi_dot(): all tensors must have be the same dtype but tensor 0 is float and tensor 1 double',
  ],
};

for (const [name, [run, message]] of Object.entries(cases)) it(`${name} refuses them`, () => expect(run).toThrow(message));

it('integers become floats of the other operand', () => {
  expect(ones(torch.int64, 2, 2).matmul(ones(d, 2)).dtype).toBe(d);
  expect(new torch.nn.Linear(2, 3)(ones(torch.int64, 4, 2)).dtype).toBe(f);
});
