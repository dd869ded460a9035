/** 5计算加速 */
import * as torch from 'typetorch';

// 创建随机矩阵
const n = 500;
const matrixA = torch.rand(n, n);
const matrixB = torch.rand(n, n);
const [arrayA, arrayB] = [matrixA.toTypedArray() as Float32Array, matrixB.toTypedArray() as Float32Array];

/** The product of n×n matrices in plain JavaScript, which stands for NumPy here. */
function product(x: Float32Array, y: Float32Array): Float32Array {
  const out = new Float32Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const factor = x[i * n + k];
      for (let j = 0; j < n; j++) out[i * n + j] += factor * y[k * n + j];
    }
  }
  return out;
}

/** Seconds that `work` takes. */
function timed<R>(work: () => R): { result: R; seconds: number } {
  const start = performance.now();
  const result = work();
  return { result, seconds: (performance.now() - start) / 1000 };
}

const plain = timed(() => product(arrayA, arrayB));
const cpu = timed(() => torch.mm(matrixA, matrixB));
const difference = cpu.result.sub(torch.asTensor(plain.result).view(n, n)).abs().max();
if (!torch.cuda.isAvailable()) console.log('未支持CUDA');
console.log(`JavaScript 矩阵乘法耗时: ${plain.seconds} 秒`);
console.log(`TypeTorch 矩阵乘法(CPU)耗时: ${cpu.seconds} 秒`);
console.log(`结果一致: ${Number(difference.item()) < 1e-2}`);
