/** 梯度计算:2非标量的反向传播,传入一个和它同形状的gradient参数张量 */
import * as torch from 'typetorch';

// f(x) = a*x**2 + b*x + c
const x = torch.ones([2, 2], { requiresGrad: true });
const a = torch.tensor(2, { dtype: torch.float32 });
const b = torch.tensor(-8, { dtype: torch.float32 });
const c = torch.tensor(12, { dtype: torch.float32 });
const y = a.mul(torch.pow(x, 2)).add(b.mul(x)).add(c);
const gradient = torch.onesLike(x); // 保留 x_data 的属性
y.backward({ gradient });
console.log('x_grad:\n', x.grad);
