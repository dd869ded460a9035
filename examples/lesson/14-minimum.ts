/** 梯度计算:3利用自动微分和优化器求函数最小值 */
import * as torch from 'typetorch';

// f(x) = a*x**2 + b*x + c
const x = torch.tensor(1, { requiresGrad: true }); // x需要被求导
const a = torch.tensor(2, { dtype: torch.float32 });
const b = torch.tensor(-8, { dtype: torch.float32 });
const c = torch.tensor(12, { dtype: torch.float32 });
const optimizer = new torch.optim.SGD([x], { lr: 0.01 });

const f = (value: torch.Tensor): torch.Tensor => a.mul(torch.pow(value, 2)).add(b.mul(value)).add(c);

for (let i = 0; i < 500; i++) {
  optimizer.zeroGrad();
  const y = f(x);
  y.backward();
  optimizer.step();
}
console.log('利用自动微分和优化器求函数最小值y=', f(x).data, ';', 'x=', x.data);
