/** 1张量创建 */
import * as torch from 'typetorch';

torch.manualSeed(0);
const tensor1 = torch.rand(2, 3);
console.log('1随机数值在0到1之间,均匀分布的张量:');
console.log(tensor1);

const tensor2 = torch.zeros(2, 3);
console.log('2全零张量:');
console.log(tensor2);

const tensor3 = torch.ones(2, 3);
console.log('3全一张量:');
console.log(tensor3);

const array = new BigInt64Array([1n, 2n, 3n]);
const tensor4 = torch.fromNumpy(array);
console.log('4NumPy数组创建张量:');
console.log(tensor4);

const listData = [4, 5, 6];
const tensor5 = torch.tensor(listData);
console.log('5列表创建张量:');
console.log(tensor5);
