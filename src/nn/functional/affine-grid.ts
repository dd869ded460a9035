import { record } from '../../autograd/node.js';
import { bmm } from '../../ops/matmul.js';
import { ones } from '../../ops/creation.js';
import { linspace } from '../../ops/sequences.js';
import { define } from '../../ops/define.js';
import { cat } from '../../ops/join.js';
import type { Args } from '../../ops/types.js';
import { NotImplementedError, ValueError } from '../../tensor/errors.js';
import type { Tensor } from '../../tensor/tensor.js';

/** Centres of `n` cells over [-1, 1]; with `alignCorners` the outer ones lie at the ends. */
function centres(n: number, like: Tensor, alignCorners: boolean): Tensor {
  const place = { dtype: like.dtype, device: like.device };
  const whole = n > 1 ? linspace(-1, 1, n, place) : linspace(0, 0, n, place);
  return alignCorners ? whole : whole.mul((n - 1) / n);
}

/**
 * The grid of positions (N, H, W, 2) or (N, D, H, W, 3) that `gridSample` reads, from affine matrices theta (N, 2, 3) or (N, 3, 4).
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.affine_grid.html
 * @example F.affineGrid(torch.tensor([[[0.5, 0, 0], [0, 1, 0]]]), [1, 1, 2, 2]).shape  // torch.Size([1, 2, 2, 2])
 */
export const affineGrid: (
  theta: Tensor,
  size: readonly number[],
  ...args: Args<[alignCorners: boolean | null], { alignCorners?: boolean | null }>
) => Tensor = define(
  'affineGrid',
  'theta, size, alignCorners?',
  (theta: Tensor, size: readonly number[], alignCorners?: boolean | null) => {
    if (!theta.dtype.isFloatingPoint) throw new ValueError(`Expected theta to have floating point type, but got ${theta.dtype}`);
    const spatial = size.slice(2);
    const n = spatial.length;
    if (n !== 2 && n !== 3)
      throw new NotImplementedError(
        `affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size [${size.join(', ')}].`,
      );
    if (theta.ndim !== 3 || theta.sizes[1] !== n || theta.sizes[2] !== n + 1)
      throw new ValueError(
        `Expected a batch of ${n}D affine matrices of shape Nx${n}x${n + 1} for size [${size.join(', ')}]. Got ${String(theta.shape)}.`,
      );
    if (size.some((s) => s <= 0)) throw new ValueError(`Expected non-zero, positive output size. Got [${size.join(', ')}]`);
    return generated(theta, size, alignCorners ?? false);
  },
);

/** All points of the grid, the same for each of `theta`: coordinates come last dim first, x, y(, z), 1. */
function points(like: Tensor, [batch, , ...spatial]: readonly number[], alignCorners: boolean): Tensor {
  const axes = [...spatial.keys()].reverse().map((d) => {
    const shape = spatial.map((_, k) => (k === d ? -1 : 1));
    return centres(spatial[d], like, alignCorners).view(shape).expand(spatial).reshape(-1, 1);
  });
  const count = axes[0].sizes[0];
  const base = cat([...axes, ones([count, 1], { dtype: like.dtype, device: like.device })], 1);
  return base.unsqueeze(0).expand([batch, count, spatial.length + 1]);
}

function generated(theta: Tensor, size: readonly number[], alignCorners: boolean): Tensor {
  const [batch, , ...spatial] = size;
  const n = spatial.length;
  const grid = bmm(points(theta, size, alignCorners), theta.detach().transpose(1, 2)).view([batch, ...spatial, n]);
  return record('affineGridGenerator', [theta], grid, [], ({ grad }) => [
    bmm(grad.reshape([batch, -1, n]).transpose(1, 2), points(grad, size, alignCorners)),
  ]);
}
