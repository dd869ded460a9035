/** Street view house numbers. https://pytorch.org/vision/stable/generated/torchvision.datasets.SVHN.html */
import * as torch from '../../index.js';
import { bind } from '../arguments.js';
import { checkIntegrity, downloadUrl } from '../download.js';
import { builtin } from '../node.js';
import { readMat } from './mat.js';
import {
  checkChoice,
  type DatasetArgs,
  type DownloadableOptions,
  join,
  LabelledImages,
  needsOpen,
  notFound,
  type Rooted,
} from './vision.js';

type Tensor = torch.Tensor;
export type SVHNSplit = 'train' | 'test' | 'extra';

export interface SVHNOptions extends DownloadableOptions {
  split?: SVHNSplit;
}

type SVHNArgs = DatasetArgs<SVHNSplit, SVHNOptions>;

const bindSVHN = (args: SVHNArgs): SVHNOptions & Rooted =>
  bind<SVHNOptions & Rooted>('SVHN', 'root!, split, transform, targetTransform, download, *, progress', args);

/**
 * Single digits cut out of photographs, 32 by 32, in `root/train_32x32.mat` and its kin.
 * https://pytorch.org/vision/stable/generated/torchvision.datasets.SVHN.html
 * @example const train = await vision.datasets.SVHN.open('data', 'train', { download: true });
 */
export class SVHN extends LabelledImages {
  static url = 'http://ufldl.stanford.edu/housenumbers/';
  static md5: Record<SVHNSplit, string> = {
    train: 'e26dedcc434d2e4c54c9b2d4a06d8373',
    test: 'eb5a983be6a315427106f1b164d9cef3',
    extra: 'a93ce644f1a588dc4d68dda5feec44a7',
  };
  readonly split: SVHNSplit;
  /** (N, 3, 32, 32), bytes */
  readonly data: Tensor;
  readonly labels: readonly number[];

  constructor(...args: SVHNArgs) {
    const { root, ...options } = bindSVHN(args);
    super(root, options);
    this.split = checkChoice(options.split ?? 'train', 'split', ['train', 'test', 'extra']);
    const path = join(root, `${this.split}_32x32.mat`);
    if (!checkIntegrity(path, { md5: SVHN.md5[this.split] })) throw options.download ? needsOpen('SVHN') : notFound(true);
    const { X, y } = readMat(builtin('node:fs').readFileSync(path));
    if (!X || !y || !(X.values instanceof Uint8Array)) throw notFound(true);
    // In the file (32, 32, 3, N), column by column.
    const [height, width, channels, count] = X.sizes;
    this.data = torch.tensor(X.values).reshape(count, channels, width, height).transpose(2, 3).contiguous();
    this.labels = Array.from(y.values, (label) => label % 10);
  }

  /** As the constructor, but downloads what is missing where `download` is true. */
  static async open(...args: SVHNArgs): Promise<SVHN> {
    const { root, ...options } = bindSVHN(args);
    const split = checkChoice(options.split ?? 'train', 'split', ['train', 'test', 'extra']);
    if (options.download) await downloadUrl(`${SVHN.url}${split}_32x32.mat`, root, { md5: SVHN.md5[split], progress: options.progress });
    return new SVHN(...args);
  }
}
