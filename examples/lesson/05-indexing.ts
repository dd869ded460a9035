/** 3.2张量操作:访问张量中的元素,索引和切片 */
import * as torch from 'typetorch';

const tensor3 = torch.arange(6, { dtype: torch.float32 }).reshape(2, 3);
// 访问张量中的特定元素: item() gives a JavaScript number, which prints 4, not 4.0
console.log(tensor3.at(1, 1).item());
console.log(tensor3.at(1, 1));
// 张量索引和切片
console.log(tensor3.at(1)); // 获取索引为1的元素
console.log(tensor3.at(':', '1:2')); // 切片获取部分张量
