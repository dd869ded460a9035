/** 3激活函数 调用pytorch中的激活函数 */
import * as torch from 'typetorch';
import * as plt from 'typetorch/plot';
import { figurePath } from './figures.js';

/** 定义绘制激活函数图表的函数 */
function plotActivationFunction(ax: plt.Axes, activation: (x: torch.Tensor) => torch.Tensor, name: string): void {
  const x = torch.linspace(-5, 5, 100);
  ax.plot(x, activation(x), { label: name });
  ax.setTitle(`${name} Activation Function`);
  ax.setXlabel('Input');
  ax.setYlabel('Output');
  ax.grid(true);
  ax.legend();
}

// 创建一个包含多个子图的画布: 1行,3列
const [figure, axes] = plt.subplots(1, 3, { figsize: [18, 6] });
plotActivationFunction(axes[0], new torch.nn.ReLU(), 'ReLU');
plotActivationFunction(axes[1], new torch.nn.Sigmoid(), 'Sigmoid');
plotActivationFunction(axes[2], new torch.nn.Tanh(), 'Tanh');
figure.tightLayout();
for (const path of figurePath('activations')) figure.savefig(path);
