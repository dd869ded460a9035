/** 3.4张量操作:广播机制 */
import * as torch from 'typetorch';

const tensor1 = torch.tensor([1, 2, 3]);
const tensor2 = torch.tensor([
  [0, 0, 0],
  [1, 1, 1],
  [2, 2, 2],
]);
console.log(tensor1.add(tensor2));
