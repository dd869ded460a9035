/** 3.5张量操作:矩阵svd分解 */
import * as torch from 'typetorch';

const a = torch.tensor(
  [
    [1, 2],
    [3, 4],
    [5, 6],
  ],
  { dtype: torch.float32 },
);
const [u, s, v] = torch.svd(a);
console.log(u, '\n');
console.log(s, '\n');
console.log(v, '\n');
console.log(u.matmul(torch.diag(s)).matmul(v.t()));
