// Draws squares, discs and crosses, teaches a small residual network to tell them apart, and writes a picture of what it found.
// npm run example -- vision/shapes
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as torch from 'typetorch';
import * as vision from 'typetorch/vision';

const { nn, optim } = torch;
const { v2 } = vision.transforms;
const { DataLoader } = torch.utils.data;

const SIZE = 32;
const kinds = ['square', 'disc', 'cross'];

/** Whether a shape of radius r around (0, 0) covers the point. */
const covers = [
  (x: number, y: number, r: number) => Math.max(Math.abs(x), Math.abs(y)) <= r * 0.8,
  (x: number, y: number, r: number) => x * x + y * y <= r * r,
  (x: number, y: number, r: number) => Math.min(Math.abs(x), Math.abs(y)) <= r * 0.3 && Math.max(Math.abs(x), Math.abs(y)) <= r,
];

class Shapes extends vision.datasets.VisionDataset {
  private readonly images: torch.Tensor[] = [];
  private readonly kinds: number[] = [];

  constructor(count: number, options: { transform?: (image: torch.Tensor) => torch.Tensor } = {}) {
    super('', options);
    const [places, kindsDrawn] = [torch.rand(count, 3).tolist() as number[][], torch.randint(0, 3, [count]).tolist() as number[]];
    for (const [i, [x, y, radius]] of places.entries()) {
      this.kinds.push(kindsDrawn[i]);
      this.images.push(this.draw(kindsDrawn[i], 10 + 12 * x, 10 + 12 * y, 5 + 4 * radius));
    }
  }

  /** A shape in a random colour on a noisy ground. */
  private draw(kind: number, x: number, y: number, radius: number): torch.Tensor {
    const pixels = Array.from({ length: SIZE }, (_, row) =>
      Array.from({ length: SIZE }, (_, col) => covers[kind](col - x, row - y, radius)),
    );
    const colour = torch.randint(120, 256, [3, 1, 1], { dtype: torch.uint8 });
    const ground = torch.randint(0, 120, [3, SIZE, SIZE], { dtype: torch.uint8 });
    return torch.where(torch.tensor(pixels), colour, ground);
  }

  get length(): number {
    return this.images.length;
  }

  protected sample(index: number): [torch.Tensor, number] {
    return [this.images[index], this.kinds[index]];
  }
}

torch.manualSeed(0);
const prepare = [new v2.ToDtype(torch.float32, { scale: true }), new v2.Normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25])];
const augment = new v2.Compose([new v2.RandomHorizontalFlip(), new v2.RandomCrop(SIZE, 2), new v2.ColorJitter(0.3, 0.3), ...prepare]);
const train = new Shapes(600, { transform: augment });
const test = new Shapes(200, { transform: new v2.Compose(prepare) });

const net = new vision.models.ResNet(vision.models.BasicBlock, [1, 1, 1, 1], { numClasses: kinds.length });
const optimizer = new optim.AdamW(net.parameters(), { lr: 1e-3 });

for (let epoch = 1; epoch <= 3; epoch++) {
  net.train();
  for (const [images, targets] of new DataLoader(train, { batchSize: 32, shuffle: true })) {
    optimizer.zeroGrad();
    nn.functional.crossEntropy(net(images), targets).backward();
    optimizer.step();
  }
  console.log(`epoch ${epoch}: ${(100 * accuracy()).toFixed(1)} % of ${test.length} new shapes are right`);
}

function predict(images: torch.Tensor): torch.Tensor {
  return torch.noGrad(() => net.eval()(images).argmax(1));
}

function accuracy(): number {
  let right = 0;
  for (const [images, targets] of new DataLoader(test, { batchSize: 100 })) right += predict(images).eq(targets).sum().item() as number;
  return right / test.length;
}

const [images, targets] = [...new DataLoader(test, { batchSize: 24 })][0];
const isRight = predict(images).eq(targets).tolist() as boolean[];
const frame = torch.tensor([[0, 0, SIZE - 1, SIZE - 1]]);
const framed = images
  .unbind(0)
  .map((image, i) => vision.utils.drawBoundingBoxes(image.mul(0.25).add(0.5).clamp(0, 1), frame, { colors: isRight[i] ? 'lime' : 'red' }));
const folder = process.env.TYPETORCH_FIGURES ?? 'out';
mkdirSync(folder, { recursive: true });
await vision.utils.saveImage(framed, join(folder, 'shapes.png'), { nrow: 8 });
console.log(`wrote ${join(folder, 'shapes.png')}: green frames are right`);
