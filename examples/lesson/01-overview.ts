/** pytorch概述 */
import * as torch from 'typetorch';

console.log(torch.__version__);
console.log('pytorch和Numpy许多功能类似,无缝替换NumPy,利用GPU加速神经网络的运算');
console.log('自动微分机制让神经网络的实现变得容易');
