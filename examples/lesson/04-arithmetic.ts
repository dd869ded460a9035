/** 3.1张量操作:数学操作,如加法、乘法 */
import * as torch from 'typetorch';

const tensor1 = torch.tensor([1, 2, 3], { dtype: torch.float32 });
const tensor2 = torch.tensor([4, 5, 6], { dtype: torch.float32 });

console.log('张量加法addition_result:', tensor1.add(tensor2));
console.log('张量乘法multiplication_result:', tensor1.mul(tensor2));
console.log('张量除法division_result:', tensor1.div(tensor2));
console.log('逐元素平方squared_tensor:', torch.square(tensor1));
console.log('均值mean_value:', torch.mean(tensor1));
console.log('方差variance:', torch.var(tensor1));
const minValue = torch.min(tensor1);
console.log('最小值min_value:', minValue);
console.log('最小值min_value的位置(索引):', torch.argmin(minValue).item());
