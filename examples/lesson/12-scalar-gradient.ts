/** 梯度计算:1标量的反向传播 */
import * as torch from 'typetorch';
import * as plt from 'typetorch/plot';
import { figurePath } from './figures.js';

// 1 准备数据 y=f(x)
const xs = torch.linspace(1, 10, 200);
const [A, B, C] = [1, -8, 12];
const ys = xs.pow(2).mul(A).add(xs.mul(B)).add(C);
const [pointX, pointY] = [6, 0];
const k = 2 * A * pointX + B;
const tangent = xs.sub(pointX).mul(k).add(pointY);

// 2 绘制图形
plt.figure({ figsize: [8, 6] });
plt.plot(xs, ys, { label: 'y' }); // 函数画图
plt.scatter(pointX, pointY, { color: 'red' }); // 点画图
plt.plot(xs, tangent, { label: 'tangent_y' }); // 切线画图
plt.axvline();
plt.axhline();
plt.title('函数,切线');
plt.grid();
plt.legend();
for (const path of figurePath('tangent')) plt.savefig(path);

// f(x) = a*x**2 + b*x + c
const x = torch.tensor(6, { requiresGrad: true }); // x需要被求导
const [a, b, c] = [torch.tensor(A), torch.tensor(B), torch.tensor(C)];
let y = torch.expr`${a} * ${x}**2 + ${b} * ${x} + ${c}`;
y.backward();
// backward 通常在一个标量张量上调用,求得的梯度将存在对应自变量张量的grad属性下
console.log('梯度值', x.grad); // 输出梯度值,应该为4
console.log(torch.expr`${x.grad!} == 2 * ${a} * ${x} + ${b}`); // 验证

// 梯度清零,如果没有这一步结果就会加累上之前的梯度值
x.grad!.zero_();
y = torch.expr`${a} * ${torch.pow(x, 2)} + ${b} * ${x} + ${c}`;
y.backward();
console.log('梯度值', x.grad);
