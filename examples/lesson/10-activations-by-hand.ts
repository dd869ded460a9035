/** 3激活函数 手动实现激活函数 */
import * as torch from 'typetorch';
import * as plt from 'typetorch/plot';
import { figurePath } from './figures.js';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const stepFunction = (x: number): number => (x > 0 ? 1 : 0);
const relu = (x: number): number => Math.max(0, x);
const tanh = (x: number): number => Math.tanh(x);
const softplus = (x: number): number => Math.log(1 + Math.exp(x));

const X = torch.arange(-5, 5, 0.1).tolist() as number[];
plt.figure({ figsize: [8, 6] });
plt.plot(X, X.map(sigmoid), { label: 'sigmoid' });
plt.plot(X, X.map(stepFunction), { label: 'step_function' });
plt.plot(X, X.map(relu), { label: 'relu' });
plt.plot(X, X.map(tanh), { label: 'tanh' });
plt.plot(X, X.map(softplus), { label: 'softplus' });
plt.ylim(-1, 2);
plt.title('sigmoid & step_function & relu');
plt.legend();
for (const path of figurePath('activations-by-hand')) plt.savefig(path);
