/** Normalisation, blur, noise. https://pytorch.org/vision/stable/transforms.html#functionals */
import * as torch from '../../../index.js';
import { type Args, bind, type Call, pythonFloat } from '../../arguments.js';
import { Image, wrap } from '../../tv-tensors.js';
import { batched, chw, isFloat, pairOf, type Tensor } from './common.js';

export interface NormalizeOptions {
  mean: readonly number[];
  std: readonly number[];
  inplace?: boolean;
}

/**
 * (image − mean) / std, channel by channel. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.normalize.html
 * @example v2.functional.normalize(torch.ones(1, 1, 2), [0.5], [0.25])  // tensor([[[2., 2.]]])
 */
export function normalize(
  image: Tensor,
  ...args: Call<[mean: readonly number[], std: readonly number[]], [inplace: boolean], NormalizeOptions>
): Tensor {
  const { mean, std, inplace = false } = bind<NormalizeOptions>('normalize', 'mean!, std!, inplace', args);
  if (!isFloat(image)) throw new TypeError(`Input tensor should be a float tensor. Got ${String(image.dtype)}.`);
  if (image.ndim < 3) throw new Error(`Expected tensor to be a tensor image of size (..., C, H, W). Got ${String(image.shape)}.`);
  if (std.includes(0)) throw new Error('std evaluated to zero, leading to division by zero.');
  const vector = (values: readonly number[]) => torch.tensor([...values], { dtype: image.dtype, device: image.device }).reshape(-1, 1, 1);
  return inplace ? image.sub_(vector(mean)).div_(vector(std)) : wrap(image.sub(vector(mean)).div(vector(std)), image);
}

function gaussianKernel(size: number, sigma: number, like: Tensor): Tensor {
  const limit = (size - 1) / (2 * Math.SQRT2);
  const x = torch.linspace(-limit, limit, size, { dtype: like.dtype, device: like.device });
  return x.div(sigma).pow(2).neg().softmax(0);
}

interface BlurOptions {
  kernelSize: number | readonly number[];
  sigma?: number | readonly number[] | null;
}

/**
 * Blurs with a kernel of odd size: width, height.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.gaussian_blur.html
 * @example v2.functional.gaussianBlur(torch.zeros(3, 32, 48, { dtype: torch.uint8 }), 3).shape  // torch.Size([3, 32, 48])
 */
export function gaussianBlur(
  image: Tensor,
  ...args: Call<[kernelSize: number | readonly number[]], [sigma: number | readonly number[] | null], BlurOptions>
): Tensor {
  const { kernelSize, sigma } = bind<BlurOptions>('gaussian_blur', 'kernelSize!, sigma', args);
  const [kx, ky] = pairOf(kernelSize, `If kernel_size is a sequence its length should be 2. Got ${String(kernelSize)}`);
  if ([kx, ky].some((size) => size % 2 !== 1 || size < 0))
    throw new Error(`kernel_size should have odd and positive integers. Got ${kx},${ky}`);
  const [sx, sy] = pairOf(
    sigma ?? [kx * 0.15 + 0.35, ky * 0.15 + 0.35],
    `If sigma is a sequence, its length should be 2. Got ${String(sigma)}`,
  );
  if (!(sx > 0 && sy > 0)) throw new Error(`sigma should have positive values. Got ${sx},${sy}`);
  if (image.numel() === 0) return image;
  const { batch, unbatch } = batched(image);
  const [channels, height, width] = chw(image);
  const values = isFloat(image) ? batch : batch.to(torch.float32);
  const kernel = gaussianKernel(ky, sy, values)
    .unsqueeze(-1)
    .mul(gaussianKernel(kx, sx, values));
  const padded = torch.nn.functional.pad(values, [kx >> 1, kx >> 1, ky >> 1, ky >> 1], 'reflect');
  const planes = padded.reshape(-1, 1, ...padded.shape.slice(-2));
  const blurred = torch.nn.functional.conv2d(planes, kernel.reshape(1, 1, ky, kx)).reshape(-1, channels, height, width);
  return wrap(unbatch(isFloat(image) ? blurred : blurred.round().to(image.dtype)), image);
}

export interface GaussianNoiseOptions {
  mean?: number;
  sigma?: number;
  /** Whether the result is kept within [0, 1] (bytes: [0, 255]). */
  clip?: boolean;
}

/**
 * A float image with normal noise of `mean` and `sigma` added, limited to [0, 1] with `clip`.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.gaussian_noise.html
 * @example v2.functional.gaussianNoise(torch.rand(3, 8, 8)).shape  // torch.Size([3, 8, 8])
 */
export function gaussianNoise(image: Tensor, ...args: Args<[mean: number, sigma: number, clip: boolean], GaussianNoiseOptions>): Tensor {
  const { mean = 0, sigma = 0.1, clip = true } = bind<GaussianNoiseOptions>('gaussian_noise', 'mean, sigma, clip', args);
  if (sigma < 0) throw new Error(`sigma shouldn't be negative. Got ${pythonFloat(sigma)}`);
  if (isFloat(image)) {
    const noisy = image.add(torch.randnLike(image).mul(sigma).add(mean));
    return wrap(clip ? noisy.clamp(0, 1) : noisy, image);
  }
  if (image.dtype !== torch.uint8)
    throw new Error(`Input tensor is expected to be in uint8 or float dtype, got dtype=${String(image.dtype)}`);
  const noise = torch
    .randnLike(image, { dtype: torch.float32 })
    .mul(sigma * 255)
    .add(mean * 255)
    .to(torch.int16);
  const noisy = image.to(torch.int16).add(noise);
  return wrap((clip ? noisy.clamp(0, 255) : noisy).to(torch.uint8), image);
}

/**
 * An image (…, C, H, W): of a tensor, or bytes of pixels row by row as canvases and decoders give them.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.to_image.html
 * @example v2.functional.toImage(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export function toImage(source: Tensor | PixelSource): Image {
  return new Image(source instanceof torch.Tensor ? source : pilToTensor(source));
}

/**
 * Bytes (C, H, W) of pixels that lie row by row, as canvases and decoders give them; there is no PIL here.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.pil_to_tensor.html
 * @throws Error where there are not as many bytes as pixels need
 * @example v2.functional.pilToTensor({ data: [1, 2, 3, 4, 5, 6], width: 2, height: 1 }).shape  // torch.Size([3, 1, 2])
 */
export function pilToTensor(source: PixelSource): Tensor {
  const { data, width, height } = source;
  const channels = data.length / (width * height);
  if (!Number.isInteger(channels)) throw new Error(`${data.length} bytes are no image of ${width} by ${height} pixels`);
  return torch.tensor(Uint8Array.from(data)).reshape(height, width, channels).permute(2, 0, 1).contiguous();
}

/** What `CanvasRenderingContext2D.getImageData` and image decoders give. */
export interface PixelSource {
  data: ArrayLike<number>;
  width: number;
  height: number;
}

/**
 * [channels, height, width] of an image (…, C, H, W).
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.get_dimensions.html
 * @example v2.functional.getDimensions(torch.zeros(3, 32, 48))  // [ 3, 32, 48 ]
 */
export const getDimensions = (image: Tensor): [channels: number, height: number, width: number] => chw(image);

/**
 * [height, width] of an image, of a mask, or of the image that boxes lie in.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.get_size.html
 * @example v2.functional.getSize(torch.zeros(3, 32, 48))  // [ 32, 48 ]
 */
export function getSize(image: Tensor): [height: number, width: number] {
  const [, height, width] = chw(image);
  return [height, width];
}

/**
 * The channels of an image (…, C, H, W). https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.get_num_channels.html
 * @example v2.functional.getNumChannels(torch.zeros(3, 32, 48))  // 3
 */
export const getNumChannels = (image: Tensor): number => chw(image)[0];

/**
 * The number of frames of a video (…, T, C, H, W). https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.get_num_frames.html
 * @example v2.functional.getNumFrames(torch.zeros(5, 3, 4, 4))  // 5
 */
export const getNumFrames = (video: Tensor): number => video.shape.at(-4)!;

/**
 * `numSamples` frames of a video (…, T, C, H, W), as far apart as possible.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.uniform_temporal_subsample.html
 * @example v2.functional.uniformTemporalSubsample(torch.zeros(10, 3, 4, 4), 4).shape  // torch.Size([4, 3, 4, 4])
 */
export function uniformTemporalSubsample(video: Tensor, ...args: Call<[numSamples: number], [], { numSamples: number }>): Tensor {
  const { numSamples } = bind<{ numSamples: number }>('uniform_temporal_subsample', 'numSamples!', args);
  const places = torch.linspace(0, getNumFrames(video) - 1, numSamples, { device: video.device }).to(torch.int64);
  return wrap(video.indexSelect(-4, places), video);
}
