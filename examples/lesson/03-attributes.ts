/** 2张量属性:维度,形状,数据类型,存储和计算设备 */
import * as torch from 'typetorch';

const scalar = torch.tensor(5);
console.log('零阶张量(标量):');
console.log(scalar);
const vector = torch.tensor([1, 2, 3]);
console.log('一阶张量(向量):');
console.log(vector);
const matrix = torch.tensor([
  [1, 2, 3],
  [4, 5, 6],
]);
console.log('二阶张量(矩阵):');
console.log(matrix);

// 创建一个从0到5,步长为1,形状为(2, 3),数据类型为float32的类型张量
const tensor = torch.arange(6, { dtype: torch.float32 }).reshape(2, 3);
console.log(tensor);
// 输出张量的维度、形状、数据类型、存储设备
console.log('维度 (Number of dimensions):', tensor.dim(), tensor.ndim);
console.log('形状 (Shape):', tensor.shape, tensor.size());
console.log('数据类型 (Data Type):', tensor.dtype);
console.log(`存储设备 (Device): ${tensor.device}`);

// 类型转换
torch.manualSeed(0);
const integers = torch.randint(1, 5, [2, 3]);
const floats = integers.float();
console.log(integers.dtype, floats.dtype);
