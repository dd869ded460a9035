/** 注意 torch.tensor和torch.Tensor的区别 */
import * as t from 'typetorch';

// 使用小写的tensor函数, 根据传入的整型数据,创建整型的张量
const a = t.tensor([1, 2, 3, 4, 5]);
console.log(a);
console.log(a.type());
// 使用大写的Tensor类,会创建浮点类型
const b = new t.Tensor([1, 2, 3, 4, 5]);
console.log(b);
console.log(b.type());
