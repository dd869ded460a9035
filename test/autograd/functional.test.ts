import { describe, expect, it } from 'vitest';
import * as torch from '../../src/index.js';

const { functional } = torch.autograd;
const { func } = torch;
type Tensor = torch.Tensor;
const vector = (...values: number[]): Tensor => torch.tensor(values, { dtype: torch.float64 });
const lists = (value: unknown): unknown =>
  value instanceof torch.Tensor ? value.tolist() : Array.isArray(value) ? value.map(lists) : value;

// Expected values were printed by PyTorch 2.13.
describe('torch.autograd.functional', () => {
  const [x, y] = [vector(1, 2), vector(3, 4)];

  it('computes Jacobians in the form of outputs and inputs', () => {
    expect(functional.jacobian((a) => a.pow(2).sum(), x).tolist()).toEqual([2, 4]);
    expect(functional.jacobian((a) => a.mul(3), x).tolist()).toEqual([[3, 0], [0, 3]]); // prettier-ignore
    expect(lists(functional.jacobian((a, b) => a.mul(b), [x, y]))).toEqual([[[3, 0], [0, 4]], [[1, 0], [0, 2]]]); // prettier-ignore
    expect(lists(functional.jacobian((a, b) => [a.sum(), b.mul(2)], [x, y]))).toEqual([
      [[1, 1], [0, 0]],
      [[[0, 0], [0, 0]], [[2, 0], [0, 2]]],
    ]); // prettier-ignore
    expect(functional.jacobian((a) => a.at('0:0'), x).shape).toEqual([0, 2]);
  });

  it('computes Hessians', () => {
    expect(functional.hessian((a) => a.pow(3).sum(), x).tolist()).toEqual([[6, 0], [0, 12]]); // prettier-ignore
    expect(lists(functional.hessian((a, b) => a.mul(b).sum(), [x, y]))).toEqual([
      [[[0, 0], [0, 0]], [[1, 0], [0, 1]]],
      [[[1, 0], [0, 1]], [[0, 0], [0, 0]]],
    ]); // prettier-ignore
    expect(() => functional.hessian((a) => a.mul(2), x)).toThrow(
      'The Tensor returned by the function given to hessian should contain a single element',
    );
  });

  it('computes products with vectors', () => {
    const cube = (a: Tensor): Tensor => a.pow(3);
    const total = (a: Tensor): Tensor => cube(a).sum();
    expect(lists(functional.vjp(cube, x, y))).toEqual([[1, 8], [9, 48]]); // prettier-ignore
    expect(lists(functional.vjp(total, x))).toEqual([9, [3, 12]]);
    expect(lists(functional.jvp(cube, x, y))).toEqual([[1, 8], [9, 48]]); // prettier-ignore
    expect(lists(functional.jvp((a, b) => a.mul(b), [x, y], [y, x]))).toEqual([[3, 8], [10, 20]]); // prettier-ignore
    expect(lists(functional.vhp(total, x, y))).toEqual([9, [18, 48]]);
    expect(lists(functional.hvp(total, x, y))).toEqual([9, [18, 48]]);
    expect(() => functional.vjp(cube, x)).toThrow('The vector v can only be None if the user-provided function returns a single Tensor');
    expect(() => functional.jvp(cube, x, vector(1))).toThrow('v has invalid size: should be torch.Size([2]) but got torch.Size([1]).');
    expect(() => functional.vjp(cube, x, [x, y])).toThrow('The given v should contain a single Tensor.');
  });

  it('keeps a graph only if asked to, and refuses independence in strict mode', () => {
    const a = x.clone().requiresGrad_();
    expect(functional.jacobian((t) => t.pow(2).sum(), a).requiresGrad).toBe(false);
    functional.jacobian((t) => t.pow(2).sum(), a, { createGraph: true }).sum().backward(); // prettier-ignore
    expect(a.grad!.tolist()).toEqual([2, 2]);
    expect(functional.jacobian(() => vector(1), x).tolist()).toEqual([[0, 0]]);
    expect(() => functional.jacobian((t, u) => t.add(u.detach()), [x, y], { strict: true })).toThrow(
      'Output 0 of the user-provided function is independent of input 1. This is not allowed in strict mode.',
    );
  });
});

describe('torch.func', () => {
  const x = vector(1, 2, 3);

  it('differentiates, again and again', () => {
    const cube = (a: Tensor): Tensor => a.pow(3);
    const second = func.grad(func.grad(cube));
    expect(second(torch.tensor(2, { dtype: torch.float64 })).item()).toBe(12);
    expect(lists(func.gradAndValue((a: Tensor) => a.square().sum())(x))).toEqual([[2, 4, 6], 14]);
    expect(lists(func.grad((a: Tensor) => [a.sum(), a.mul(2)], { hasAux: true })(x))).toEqual([[1, 1, 1], [2, 4, 6]]); // prettier-ignore
    expect(lists(func.grad((a: Tensor, b: Tensor) => a.mul(b).sum(), [0, 1])(x, x.add(1)))).toEqual([[2, 3, 4], [1, 2, 3]]); // prettier-ignore
    expect(
      func
        .grad((_: Tensor) => torch.tensor(1))(x)
        .tolist(),
    ).toEqual([0, 0, 0]);
  });

  it('is part of a graph where its arguments, or what its function holds, are', () => {
    const w = torch.ones(3, { dtype: torch.float64, requiresGrad: true });
    expect(func.grad((a: Tensor) => a.square().sum())(x).requiresGrad).toBe(false);
    expect(func.grad((a: Tensor) => a.mul(w).sum())(x).requiresGrad).toBe(true);
    func.grad((a: Tensor) => a.pow(3).sum())(w).sum().backward(); // prettier-ignore
    expect(w.grad!.tolist()).toEqual([6, 6, 6]);
    expect(torch.noGrad(() => func.grad((a: Tensor) => a.square().sum())(w)).requiresGrad).toBe(false);
  });

  it('takes parameters by name', () => {
    const model = new torch.nn.Linear(2, 1);
    const parameters = Object.fromEntries([...model.namedParameters()].map(([name, p]) => [name, p.detach()]));
    const loss = (p: Record<string, Tensor>, input: Tensor): Tensor => (func.functionalCall(model, p, input) as Tensor).sum();
    expect(lists(Object.values(func.grad(loss)(parameters, torch.tensor([[1, 2]]).float())))).toEqual([[[1, 2]], [1]]);
    const each = func.vmap(func.grad(loss), { inDims: [null, 0] })(parameters, torch.tensor([[1, 2], [3, 4]]).float()); // prettier-ignore
    expect(lists(Object.values(each))).toEqual([[[[1, 2]], [[3, 4]]], [[1], [1]]]); // prettier-ignore
  });

  it('gives products, Jacobians and Hessians', () => {
    const [value, pull] = func.vjp((a: Tensor) => a.square(), x);
    expect(lists([value, pull(x)])).toEqual([[1, 4, 9], [[2, 8, 18]]]);
    expect(lists(func.jvp((a) => a.square(), [x], [x]))).toEqual([[1, 4, 9], [2, 8, 18]]); // prettier-ignore
    expect(func.jacrev((a: Tensor) => a.square())(vector(1, 2)).tolist()).toEqual([[2, 0], [0, 4]]); // prettier-ignore
    expect(lists(func.jacrev((a: Tensor, b: Tensor) => a.mul(b).sum(), 1)(x, x))).toEqual([1, 2, 3]);
    expect(func.hessian((a: Tensor) => a.pow(3).sum())(vector(1, 2)).tolist()).toEqual([[6, 0], [0, 12]]); // prettier-ignore
  });

  it('says what is wrong', () => {
    expect(() => func.grad((a: Tensor) => a)(x)).toThrow('Expected f(*args) to return a scalar Tensor, got tensor with 1 dims.');
    expect(() => func.grad((a: Tensor) => a.sum(), 1)(x)).toThrow('Got argnum=1, but only 1 positional inputs');
    expect(() => func.grad((a: Tensor) => a.sum(), { hasAux: true })(x)).toThrow('should be a tuple: (output, aux) if has_aux is True');
  });
});

describe('vmap', () => {
  const x = vector(1, 2, 3);

  it('maps over any dim, and stacks along any', () => {
    const product = torch.vmap((a: Tensor, b: Tensor) => a.mul(b), [0, null]);
    expect(product(x, vector(1, 10)).tolist()).toEqual([[1, 10], [2, 20], [3, 30]]); // prettier-ignore
    expect(torch.vmap((a: Tensor) => a, { inDims: 1, outDims: 1 })(torch.ones(3, 2)).shape).toEqual([3, 2]);
    expect(lists(torch.vmap((a: Tensor) => [a, a.mul(2)])(x))).toEqual([[1, 2, 3], [2, 4, 6]]); // prettier-ignore
  });

  it('draws random numbers as it is told to', () => {
    const draw = (randomness: 'error' | 'same' | 'different'): Tensor => torch.vmap((_: Tensor) => torch.rand(1), { randomness })(x);
    torch.manualSeed(3);
    expect(() => draw('error')).toThrow('vmap: called random operation while in randomness error mode.');
    const same = draw('same').flatten().tolist() as number[];
    expect(new Set(same).size).toBe(1);
    torch.manualSeed(3);
    expect(same[0]).toBe(torch.rand(1).item());
    expect(new Set(draw('different').flatten().tolist() as number[]).size).toBe(3);
  });

  it('says what is wrong', () => {
    const add = torch.vmap((a: Tensor, b: Tensor) => a.add(b));
    expect(() => add(x, vector(1, 2))).toThrow('got sizes [3, 2] for the mapped dimension');
    expect(() => torch.vmap((a: Tensor) => a, 2)(torch.ones(3, 2))).toThrow('expected in_dim to satisfy -2 <= in_dim < 2.');
    expect(() => torch.vmap((a: Tensor) => a, null)(x)).toThrow('vmap: Expected at least one Tensor to vmap over');
    expect(() => torch.vmap((_: Tensor) => 3)(x)).toThrow('must only return Tensors, got type int.');
  });
});

describe('functionalCall', () => {
  const { functionalCall } = func;
  class Tied extends torch.nn.Module {
    a = new torch.nn.Linear(2, 2, { bias: false });
    b = new torch.nn.Linear(2, 2, { bias: false });
    constructor() {
      super();
      this.b.weight = this.a.weight;
    }
    override forward(x: Tensor, { scale = 1 }: { scale?: number } = {}) {
      return this.b(this.a(x)).mul(scale);
    }
  }
  const net = new Tied();
  const twice = torch.eye(2).mul(2);
  const x = torch.ones(1, 2);

  it('replaces shared parameters under all their names', () => {
    expect(lists(functionalCall(net, { 'a.weight': twice }, x))).toEqual([[4, 4]]);
    const untied = functionalCall(net, { 'a.weight': twice, 'b.weight': torch.eye(2) }, x, null, { tieWeights: false });
    expect(lists(untied)).toEqual([[2, 2]]);
    expect(() => functionalCall(net, { 'a.weight': twice, 'b.weight': torch.eye(2) }, x)).toThrow(
      "functional_call got multiple values for keys ['a.weight', 'b.weight'], which are tied. Consider using tie_weights=False",
    );
  });

  it('takes several objects, and arguments by name', () => {
    expect(lists(functionalCall(net, [{ 'a.weight': twice }, {}], [x], { scale: 3 }))).toEqual([[12, 12]]);
    expect(() => functionalCall(net, [{ 'a.weight': twice }, { 'a.weight': twice }], x)).toThrow('appears in multiple dictionaries');
    const strict = () => functionalCall(net, { c: twice }, x, null, { strict: true });
    expect(strict).toThrow("Error(s) in reparametrizing for Tied:\n\tUnexpected key(s): 'c'.\n\tMissing key(s): 'a.weight', 'b.weight'.");
  });

  it('runs an ensemble from what stackModuleState gives', () => {
    const nets = [new torch.nn.Linear(2, 1), new torch.nn.Linear(2, 1)];
    const [params, buffers] = func.stackModuleState(nets);
    const run = (p: Record<string, Tensor>, b: Record<string, Tensor>) => functionalCall(nets[0], [p, b], x);
    const all = func.vmap(run)(params, buffers);
    expect(lists(all)).toEqual(nets.map((each) => lists(each(x))));
  });
});

it('a custom backward gives one gradient an input', () => {
  class Double extends torch.autograd.Function {
    static override forward(_: torch.autograd.FunctionContext, x: Tensor) {
      return x.mul(2);
    }
    static override backward(_: torch.autograd.FunctionContext, grad: Tensor) {
      return [grad, grad];
    }
  }
  const result = Double.apply(torch.ones(2, { requiresGrad: true })).sum();
  expect(() => result.backward()).toThrow('function DoubleBackward returned an incorrect number of gradients (expected 1, got 2)');
});
