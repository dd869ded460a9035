/** 3.3张量操作:维度变化 */
import * as torch from 'typetorch';

// 增加新的维度,在0轴前添加新维度
const tensor = torch.arange(4, { dtype: torch.float32 }).reshape(2, 2);
let newTensor = tensor.unsqueeze(0);
console.log(newTensor, newTensor.shape);
// 删除维度,删除0轴维度
newTensor = newTensor.squeeze(0);
console.log(newTensor, newTensor.shape);
// 更改张量的形状
newTensor = tensor.view(1, 4); // 改为形状为(1, 4)的张量
console.log(newTensor, newTensor.shape);
// 按0维分成两块
const [tensor1, tensor2] = torch.split(tensor, { splitSizeOrSections: 1, dim: 0 });
console.log(tensor1, tensor2);
// 沿着新的轴(0轴)叠加
const stackedTensor = torch.stack([tensor1, tensor2], { dim: 0 });
console.log(stackedTensor);
