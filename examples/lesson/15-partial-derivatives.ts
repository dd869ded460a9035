/** 4求偏导数: x = 2a + 3b, y = 5a² + 3b³, z = 2x + 3y, dz/da = 4 + 30a */
import * as torch from 'typetorch';

const a = torch.tensor(2, { requiresGrad: true });
const b = torch.tensor(1, { requiresGrad: true });
const x = a.mul(2).add(b.mul(3));
const y = a.mul(a).mul(5).add(b.mul(b).mul(b).mul(3));
const z = x.mul(2).add(y.mul(3));
z.backward();
console.log(a.grad);
