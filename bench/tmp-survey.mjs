import * as torch from 'typetorch';
import fs from 'node:fs';
const F=torch.nn.functional,nn=torch.nn;
torch.setNumThreads(2); torch.manualSeed(0);
const x=torch.randn(1000,1000),y=torch.randn(1000,1000),x2=x.clone(),x3=x.clone(),xl=x.flatten();
const ix=torch.randint(0,1000,[1000,1000]),i1=torch.randint(0,1000,[1000]),i1m=torch.randint(0,1000,[1000000]),i2=torch.randint(0,100,[300,300]),i2b=torch.randint(0,1000,[200,50]);
const m=x.gt(0),m2=y.gt(0),v=torch.randn(1000),v1=torch.tensor([.25]),p=torch.rand(1000,1000).mul(.98).add(.01);
const img=torch.randn(8,32,56,56),img1=torch.randn(1,3,224,224),w7=torch.randn(64,3,7,7),w11=torch.randn(64,32,1,1),w33=torch.randn(32,32,3,3),wdw=torch.randn(32,1,3,3),grid=torch.rand(8,56,56,2).mul(2).sub(1);
const seq=torch.randn(16,64,256),w1=torch.randn(64,64,3),vol=torch.randn(2,8,16,28,28),w3d=torch.randn(16,8,3,3,3);
const b1=torch.randn(32,64,64),b2=torch.randn(32,64,64),d=torch.randn(300,300).double(),hb=torch.randn(400,400).bfloat16(),hf=torch.randn(1000,1000).half(),i32=torch.randint(0,100,[1000,1000],{dtype:torch.int32}),u8=torch.randint(0,255,[1000,1000],{dtype:torch.uint8}),s64=torch.randn(64,64);
const xg=x.clone().requiresGrad_(),imgg=img.clone().requiresGrad_();
const lin=new nn.Linear(1000,1000),seqr=torch.randn(8,64,128),gru=new nn.GRU(128,128,{batchFirst:true}),mha=new nn.MultiheadAttention(128,8,{batchFirst:true}),enc=new nn.TransformerEncoderLayer(128,8,512,{batchFirst:true});
const sq=torch.randn(200,200).add(torch.eye(200).mul(5)),sym=sq.add(sq.t()),tall=torch.randn(500,50),tallb=torch.randn(500,3),batch4=torch.randn(1000,4,4).add(torch.eye(4).mul(4)),spd=batch4.matmul(batch4.transpose(1,2)).add(torch.eye(4));
const cx=torch.randn([300,300],{dtype:torch.complex64});
const B=(z)=>{z.backward(torch.onesLike(z));xg.grad=null;imgg.grad=null;};
function q(f){let s=performance.now(),n=0;while(n<3||performance.now()-s<150){f();n++;}
const t=[];s=performance.now();while(t.length<5||(performance.now()-s<120&&t.length<2000)){const a=performance.now();f();t.push(performance.now()-a);xg.grad=null;}
t.sort((a,b)=>a-b);return t[t.length>>1]*1e3;}
const R={};
try{R['cumsum2d']=q(()=>x.cumsum(1));}catch(e){console.log('cumsum2d',e.message);}
try{R['cumprod0']=q(()=>x.cumprod(0));}catch(e){console.log('cumprod0',e.message);}
try{R['cummax']=q(()=>x.cummax(1));}catch(e){console.log('cummax',e.message);}
try{R['logcumsumexp']=q(()=>x.logcumsumexp(1));}catch(e){console.log('logcumsumexp',e.message);}
try{R['argsort']=q(()=>x.argsort(1));}catch(e){console.log('argsort',e.message);}
try{R['sort0']=q(()=>x.sort(0));}catch(e){console.log('sort0',e.message);}
try{R['gather']=q(()=>x.gather(1, ix));}catch(e){console.log('gather',e.message);}
try{R['scatter']=q(()=>x.scatter(1, ix, y));}catch(e){console.log('scatter',e.message);}
try{R['index_add']=q(()=>x.indexAdd(0, i1, y));}catch(e){console.log('index_add',e.message);}
try{R['index2']=q(()=>x.at(i1));}catch(e){console.log('index2',e.message);}
try{R['index_put']=q(()=>x.indexPut([i1], y));}catch(e){console.log('index_put',e.message);}
try{R['masked_fill']=q(()=>x.maskedFill(m, 0));}catch(e){console.log('masked_fill',e.message);}
try{R['masked_select']=q(()=>x.maskedSelect(m));}catch(e){console.log('masked_select',e.message);}
try{R['where']=q(()=>torch.where(m, x, y));}catch(e){console.log('where',e.message);}
try{R['nonzero']=q(()=>m.nonzero());}catch(e){console.log('nonzero',e.message);}
try{R['one_hot']=q(()=>F.oneHot(i1, 1000));}catch(e){console.log('one_hot',e.message);}
try{R['bincount']=q(()=>i1m.bincount());}catch(e){console.log('bincount',e.message);}
try{R['histc']=q(()=>x.histc(100, -3, 3));}catch(e){console.log('histc',e.message);}
try{R['unique']=q(()=>i1m.unique());}catch(e){console.log('unique',e.message);}
try{R['roll']=q(()=>x.roll(3, 1));}catch(e){console.log('roll',e.message);}
try{R['flip']=q(()=>x.flip(1));}catch(e){console.log('flip',e.message);}
try{R['flip0']=q(()=>x.flip(0));}catch(e){console.log('flip0',e.message);}
try{R['repeat_interleave']=q(()=>x.repeatInterleave(2, 1));}catch(e){console.log('repeat_interleave',e.message);}
try{R['repeat']=q(()=>x.repeat(2, 2));}catch(e){console.log('repeat',e.message);}
try{R['cat0']=q(()=>torch.cat([x, y], 0));}catch(e){console.log('cat0',e.message);}
try{R['cat1']=q(()=>torch.cat([x, y], 1));}catch(e){console.log('cat1',e.message);}
try{R['stack2']=q(()=>torch.stack([x, y], -1));}catch(e){console.log('stack2',e.message);}
try{R['pad']=q(()=>F.pad(x, [3, 3, 3, 3]));}catch(e){console.log('pad',e.message);}
try{R['pad_reflect']=q(()=>F.pad(img, [3, 3, 3, 3], { mode: 'reflect' }));}catch(e){console.log('pad_reflect',e.message);}
try{R['transpose']=q(()=>x.t().contiguous());}catch(e){console.log('transpose',e.message);}
try{R['permute']=q(()=>img.permute(0, 2, 3, 1).contiguous());}catch(e){console.log('permute',e.message);}
try{R['add_t']=q(()=>x.add(y.t()));}catch(e){console.log('add_t',e.message);}
try{R['add_row']=q(()=>x.add(v));}catch(e){console.log('add_row',e.message);}
try{R['add_col']=q(()=>x.add(v.unsqueeze(1)));}catch(e){console.log('add_col',e.message);}
try{R['sum0']=q(()=>x.sum(0));}catch(e){console.log('sum0',e.message);}
try{R['sum1']=q(()=>x.sum(1));}catch(e){console.log('sum1',e.message);}
try{R['mean_img']=q(()=>img.mean([2, 3]));}catch(e){console.log('mean_img',e.message);}
try{R['mean_bn']=q(()=>img.mean([0, 2, 3]));}catch(e){console.log('mean_bn',e.message);}
try{R['var1']=q(()=>x.var(1));}catch(e){console.log('var1',e.message);}
try{R['var0']=q(()=>x.var(0));}catch(e){console.log('var0',e.message);}
try{R['std']=q(()=>x.std());}catch(e){console.log('std',e.message);}
try{R['norm']=q(()=>x.norm());}catch(e){console.log('norm',e.message);}
try{R['norm1']=q(()=>x.norm({ dim: 1 }));}catch(e){console.log('norm1',e.message);}
try{R['prod1']=q(()=>x.prod(1));}catch(e){console.log('prod1',e.message);}
try{R['max1']=q(()=>x.max(1));}catch(e){console.log('max1',e.message);}
try{R['max0']=q(()=>x.max(0));}catch(e){console.log('max0',e.message);}
try{R['amax']=q(()=>x.amax());}catch(e){console.log('amax',e.message);}
try{R['argmax0']=q(()=>x.argmax(0));}catch(e){console.log('argmax0',e.message);}
try{R['logsumexp']=q(()=>x.logsumexp(1));}catch(e){console.log('logsumexp',e.message);}
try{R['median']=q(()=>x.median(1));}catch(e){console.log('median',e.message);}
try{R['medianall']=q(()=>x.median());}catch(e){console.log('medianall',e.message);}
try{R['quantile']=q(()=>x.quantile(0.3, 1));}catch(e){console.log('quantile',e.message);}
try{R['kthvalue']=q(()=>x.kthvalue(30, 1));}catch(e){console.log('kthvalue',e.message);}
try{R['mode']=q(()=>i2.mode(1));}catch(e){console.log('mode',e.message);}
try{R['any']=q(()=>m.any(1));}catch(e){console.log('any',e.message);}
try{R['all']=q(()=>m.all());}catch(e){console.log('all',e.message);}
try{R['count_nonzero']=q(()=>m.countNonzero());}catch(e){console.log('count_nonzero',e.message);}
try{R['softmax1']=q(()=>x.softmax(1));}catch(e){console.log('softmax1',e.message);}
try{R['softmax0']=q(()=>x.softmax(0));}catch(e){console.log('softmax0',e.message);}
try{R['log_softmax']=q(()=>x.logSoftmax(1));}catch(e){console.log('log_softmax',e.message);}
try{R['softmax_b']=q(()=>B(xg.softmax(1)));}catch(e){console.log('softmax_b',e.message);}
try{R['layer_norm_b']=q(()=>B(F.layerNorm(xg, [1000])));}catch(e){console.log('layer_norm_b',e.message);}
try{R['batch_norm_b']=q(()=>B(F.batchNorm(imgg, null, null, { training: true })));}catch(e){console.log('batch_norm_b',e.message);}
try{R['group_norm_b']=q(()=>B(F.groupNorm(imgg, 8)));}catch(e){console.log('group_norm_b',e.message);}
try{R['cross_entropy_b']=q(()=>F.crossEntropy(xg, i1).backward());}catch(e){console.log('cross_entropy_b',e.message);}
try{R['bce_b']=q(()=>F.binaryCrossEntropyWithLogits(xg, p).backward());}catch(e){console.log('bce_b',e.message);}
try{R['mse_b']=q(()=>F.mseLoss(xg, y).backward());}catch(e){console.log('mse_b',e.message);}
try{R['smooth_l1_b']=q(()=>F.smoothL1Loss(xg, y).backward());}catch(e){console.log('smooth_l1_b',e.message);}
try{R['kl_div']=q(()=>F.klDiv(y, p));}catch(e){console.log('kl_div',e.message);}
try{R['cosine']=q(()=>F.cosineSimilarity(x, y));}catch(e){console.log('cosine',e.message);}
try{R['cdist']=q(()=>torch.cdist(x.narrow(1, 0, 64), y.narrow(1, 0, 64)));}catch(e){console.log('cdist',e.message);}
try{R['bmm']=q(()=>torch.bmm(b1, b2));}catch(e){console.log('bmm',e.message);}
try{R['mv']=q(()=>x.matmul(v));}catch(e){console.log('mv',e.message);}
try{R['vm']=q(()=>v.matmul(x));}catch(e){console.log('vm',e.message);}
try{R['dot']=q(()=>v.matmul(v));}catch(e){console.log('dot',e.message);}
try{R['outer']=q(()=>torch.outer(v, v));}catch(e){console.log('outer',e.message);}
try{R['einsum']=q(()=>torch.einsum('bij,bkj->bik', b1, b2));}catch(e){console.log('einsum',e.message);}
try{R['mm_t']=q(()=>x.t().matmul(y));}catch(e){console.log('mm_t',e.message);}
try{R['mm_f64']=q(()=>d.matmul(d));}catch(e){console.log('mm_f64',e.message);}
try{R['mm_bf16']=q(()=>hb.matmul(hb));}catch(e){console.log('mm_bf16',e.message);}
try{R['mm_int']=q(()=>i2.matmul(i2));}catch(e){console.log('mm_int',e.message);}
try{R['mm_small']=q(()=>s64.matmul(s64));}catch(e){console.log('mm_small',e.message);}
try{R['add_bf16']=q(()=>hb.add(hb));}catch(e){console.log('add_bf16',e.message);}
try{R['add_f16']=q(()=>hf.add(hf));}catch(e){console.log('add_f16',e.message);}
try{R['add_i64']=q(()=>i2.add(i2));}catch(e){console.log('add_i64',e.message);}
try{R['mul_i32']=q(()=>i32.mul(i32));}catch(e){console.log('mul_i32',e.message);}
try{R['floordiv']=q(()=>i2.floorDivide(7));}catch(e){console.log('floordiv',e.message);}
try{R['rem_f']=q(()=>x.remainder(0.7));}catch(e){console.log('rem_f',e.message);}
try{R['lt']=q(()=>x.lt(y));}catch(e){console.log('lt',e.message);}
try{R['eq_i']=q(()=>i2.eq(3));}catch(e){console.log('eq_i',e.message);}
try{R['and']=q(()=>m.bitwiseAnd(m2));}catch(e){console.log('and',e.message);}
try{R['not']=q(()=>m.bitwiseNot());}catch(e){console.log('not',e.message);}
try{R['to_i64']=q(()=>x.long());}catch(e){console.log('to_i64',e.message);}
try{R['to_f16']=q(()=>x.half());}catch(e){console.log('to_f16',e.message);}
try{R['to_bf16']=q(()=>x.bfloat16());}catch(e){console.log('to_bf16',e.message);}
try{R['from_i64']=q(()=>i2.float());}catch(e){console.log('from_i64',e.message);}
try{R['from_u8']=q(()=>u8.float().div(255));}catch(e){console.log('from_u8',e.message);}
try{R['sum_i64']=q(()=>i2.sum());}catch(e){console.log('sum_i64',e.message);}
try{R['sum_bool']=q(()=>m.sum());}catch(e){console.log('sum_bool',e.message);}
try{R['pow']=q(()=>p.pow(2.5));}catch(e){console.log('pow',e.message);}
try{R['pow3']=q(()=>x.pow(3));}catch(e){console.log('pow3',e.message);}
try{R['sqrt']=q(()=>p.sqrt());}catch(e){console.log('sqrt',e.message);}
try{R['rsqrt']=q(()=>p.rsqrt());}catch(e){console.log('rsqrt',e.message);}
try{R['log']=q(()=>p.log());}catch(e){console.log('log',e.message);}
try{R['log1p']=q(()=>p.log1p());}catch(e){console.log('log1p',e.message);}
try{R['sin']=q(()=>x.sin());}catch(e){console.log('sin',e.message);}
try{R['tanh']=q(()=>x.tanh());}catch(e){console.log('tanh',e.message);}
try{R['erf']=q(()=>x.erf());}catch(e){console.log('erf',e.message);}
try{R['erfinv']=q(()=>p.erfinv());}catch(e){console.log('erfinv',e.message);}
try{R['lgamma']=q(()=>p.lgamma());}catch(e){console.log('lgamma',e.message);}
try{R['digamma']=q(()=>p.digamma());}catch(e){console.log('digamma',e.message);}
try{R['atan2']=q(()=>torch.atan2(x, y));}catch(e){console.log('atan2',e.message);}
try{R['hypot']=q(()=>torch.hypot(x, y));}catch(e){console.log('hypot',e.message);}
try{R['fmod']=q(()=>x.fmod(0.7));}catch(e){console.log('fmod',e.message);}
try{R['round']=q(()=>x.round());}catch(e){console.log('round',e.message);}
try{R['clamp']=q(()=>x.clamp(-1, 1));}catch(e){console.log('clamp',e.message);}
try{R['lerp']=q(()=>x.lerp(y, 0.3));}catch(e){console.log('lerp',e.message);}
try{R['addcmul']=q(()=>x.addcmul(y, y, { value: 0.5 }));}catch(e){console.log('addcmul',e.message);}
try{R['silu']=q(()=>F.silu(x));}catch(e){console.log('silu',e.message);}
try{R['gelu_tanh']=q(()=>F.gelu(x, { approximate: 'tanh' }));}catch(e){console.log('gelu_tanh',e.message);}
try{R['leaky']=q(()=>F.leakyRelu(x));}catch(e){console.log('leaky',e.message);}
try{R['softplus']=q(()=>F.softplus(x));}catch(e){console.log('softplus',e.message);}
try{R['elu']=q(()=>F.elu(x));}catch(e){console.log('elu',e.message);}
try{R['mish']=q(()=>F.mish(x));}catch(e){console.log('mish',e.message);}
try{R['glu']=q(()=>F.glu(x));}catch(e){console.log('glu',e.message);}
try{R['prelu']=q(()=>F.prelu(x, v1));}catch(e){console.log('prelu',e.message);}
try{R['dropout']=q(()=>F.dropout(x, 0.5));}catch(e){console.log('dropout',e.message);}
try{R['rand']=q(()=>torch.rand(1000, 1000));}catch(e){console.log('rand',e.message);}
try{R['normal']=q(()=>torch.empty(1000, 1000).normal_());}catch(e){console.log('normal',e.message);}
try{R['bernoulli']=q(()=>p.bernoulli());}catch(e){console.log('bernoulli',e.message);}
try{R['randperm']=q(()=>torch.randperm(1000000));}catch(e){console.log('randperm',e.message);}
try{R['randint']=q(()=>torch.randint(0, 100, [1000, 1000]));}catch(e){console.log('randint',e.message);}
try{R['multinomial']=q(()=>p.multinomial(5));}catch(e){console.log('multinomial',e.message);}
try{R['exponential']=q(()=>torch.empty(1000, 1000).exponential_());}catch(e){console.log('exponential',e.message);}
try{R['avg_pool']=q(()=>F.avgPool2d(img, 2));}catch(e){console.log('avg_pool',e.message);}
try{R['max_pool3']=q(()=>F.maxPool2d(img, 3, 2, 1));}catch(e){console.log('max_pool3',e.message);}
try{R['adaptive']=q(()=>F.adaptiveAvgPool2d(img, 7));}catch(e){console.log('adaptive',e.message);}
try{R['interp_n']=q(()=>F.interpolate(img, { scaleFactor: 2 }));}catch(e){console.log('interp_n',e.message);}
try{R['interp_b']=q(()=>F.interpolate(img, { scaleFactor: 2, mode: 'bilinear' }));}catch(e){console.log('interp_b',e.message);}
try{R['grid_sample']=q(()=>F.gridSample(img, grid, { alignCorners: false }));}catch(e){console.log('grid_sample',e.message);}
try{R['conv1d']=q(()=>F.conv1d(seq, w1, { padding: 1 }));}catch(e){console.log('conv1d',e.message);}
try{R['conv1x1']=q(()=>F.conv2d(img, w11));}catch(e){console.log('conv1x1',e.message);}
try{R['conv3x3']=q(()=>F.conv2d(img, w33, { padding: 1 }));}catch(e){console.log('conv3x3',e.message);}
try{R['conv_s2']=q(()=>F.conv2d(img, w33, { padding: 1, stride: 2 }));}catch(e){console.log('conv_s2',e.message);}
try{R['depthwise']=q(()=>F.conv2d(img, wdw, { padding: 1, groups: 32 }));}catch(e){console.log('depthwise',e.message);}
try{R['conv_t']=q(()=>F.convTranspose2d(img, w33, { stride: 2 }));}catch(e){console.log('conv_t',e.message);}
try{R['conv3d']=q(()=>F.conv3d(vol, w3d, { padding: 1 }));}catch(e){console.log('conv3d',e.message);}
try{R['conv_b1']=q(()=>F.conv2d(img1, w7, { stride: 2, padding: 3 }));}catch(e){console.log('conv_b1',e.message);}
try{R['depthwise_b']=q(()=>B(F.conv2d(imgg, wdw, { padding: 1, groups: 32 })));}catch(e){console.log('depthwise_b',e.message);}
try{R['unfold']=q(()=>F.unfold(img, 3, { padding: 1 }));}catch(e){console.log('unfold',e.message);}
try{R['linear1']=q(()=>lin.forward(v.unsqueeze(0)));}catch(e){console.log('linear1',e.message);}
try{R['linear_big']=q(()=>lin.forward(x));}catch(e){console.log('linear_big',e.message);}
try{R['embedding_bag']=q(()=>F.embeddingBag(i2b, x));}catch(e){console.log('embedding_bag',e.message);}
try{R['gru']=q(()=>gru.forward(seqr)[0]);}catch(e){console.log('gru',e.message);}
try{R['mha']=q(()=>mha.forward(seqr, seqr, seqr)[0]);}catch(e){console.log('mha',e.message);}
try{R['encoder']=q(()=>enc.forward(seqr));}catch(e){console.log('encoder',e.message);}
try{R['fft2']=q(()=>torch.fft.fft2(x));}catch(e){console.log('fft2',e.message);}
try{R['rfft']=q(()=>torch.fft.rfft(x));}catch(e){console.log('rfft',e.message);}
try{R['inv']=q(()=>torch.linalg.inv(sq));}catch(e){console.log('inv',e.message);}
try{R['det']=q(()=>torch.linalg.det(sq));}catch(e){console.log('det',e.message);}
try{R['qr']=q(()=>torch.linalg.qr(sq));}catch(e){console.log('qr',e.message);}
try{R['eigh']=q(()=>torch.linalg.eigh(sym));}catch(e){console.log('eigh',e.message);}
try{R['svdvals']=q(()=>torch.linalg.svdvals(sq));}catch(e){console.log('svdvals',e.message);}
try{R['lstsq']=q(()=>torch.linalg.lstsq(tall, tallb).solution);}catch(e){console.log('lstsq',e.message);}
try{R['pinv']=q(()=>torch.linalg.pinv(sq));}catch(e){console.log('pinv',e.message);}
try{R['matrix_exp']=q(()=>torch.linalg.matrixExp(sq.mul(0.01)));}catch(e){console.log('matrix_exp',e.message);}
try{R['inv_batch']=q(()=>torch.linalg.inv(batch4));}catch(e){console.log('inv_batch',e.message);}
try{R['solve_batch']=q(()=>torch.linalg.solve(batch4, batch4));}catch(e){console.log('solve_batch',e.message);}
try{R['chol_batch']=q(()=>torch.linalg.cholesky(spd));}catch(e){console.log('chol_batch',e.message);}
try{R['svd_batch']=q(()=>torch.linalg.svd(batch4));}catch(e){console.log('svd_batch',e.message);}
try{R['eigh_batch']=q(()=>torch.linalg.eigh(spd));}catch(e){console.log('eigh_batch',e.message);}
try{R['det_batch']=q(()=>torch.linalg.det(batch4));}catch(e){console.log('det_batch',e.message);}
try{R['bmm4']=q(()=>batch4.matmul(batch4));}catch(e){console.log('bmm4',e.message);}
try{R['kron']=q(()=>torch.kron(s64.narrow(0, 0, 30).narrow(1, 0, 30), s64.narrow(0, 0, 30).narrow(1, 0, 30)));}catch(e){console.log('kron',e.message);}
try{R['tril']=q(()=>x.tril());}catch(e){console.log('tril',e.message);}
try{R['diag_embed']=q(()=>v.diag());}catch(e){console.log('diag_embed',e.message);}
try{R['bucketize']=q(()=>torch.bucketize(x, v.sort()[0]));}catch(e){console.log('bucketize',e.message);}
try{R['cmul']=q(()=>cx.mul(cx));}catch(e){console.log('cmul',e.message);}
try{R['cabs']=q(()=>cx.abs());}catch(e){console.log('cabs',e.message);}
try{R['cmm']=q(()=>cx.matmul(cx));}catch(e){console.log('cmm',e.message);}
try{R['cumsum1d']=q(()=>xl.cumsum(0));}catch(e){console.log('cumsum1d',e.message);}
try{R['diff']=q(()=>x.diff());}catch(e){console.log('diff',e.message);}
try{R['arange']=q(()=>torch.arange(1000000));}catch(e){console.log('arange',e.message);}
try{R['zeros']=q(()=>torch.zeros(1000, 1000));}catch(e){console.log('zeros',e.message);}
try{R['full']=q(()=>torch.full([1000, 1000], 3));}catch(e){console.log('full',e.message);}
try{R['clone']=q(()=>x.clone());}catch(e){console.log('clone',e.message);}
try{R['inplace']=q(()=>x2.add_(y));}catch(e){console.log('inplace',e.message);}
try{R['isnan']=q(()=>x.isnan());}catch(e){console.log('isnan',e.message);}
try{R['allclose']=q(()=>torch.allclose(x, x));}catch(e){console.log('allclose',e.message);}
try{R['equal']=q(()=>torch.equal(x, x3));}catch(e){console.log('equal',e.message);}
try{R['item']=q(()=>v.at(3).item());}catch(e){console.log('item',e.message);}
try{R['slice']=q(()=>x.at([3, 7], 2));}catch(e){console.log('slice',e.message);}
try{R['tensor']=q(()=>torch.tensor([1, 2, 3]));}catch(e){console.log('tensor',e.message);}
try{R['u8_add']=q(()=>u8.add(u8));}catch(e){console.log('u8_add',e.message);}
try{R['u8_to_f32']=q(()=>u8.float());}catch(e){console.log('u8_to_f32',e.message);}
try{R['f32_to_u8']=q(()=>p.to(torch.uint8));}catch(e){console.log('f32_to_u8',e.message);}
try{R['bf_lin']=q(()=>F.linear(hb,hb));}catch(e){console.log('bf_lin',e.message);}
try{R['i64_add']=q(()=>i1m.add(i1m));}catch(e){console.log('i64_add',e.message);}
try{R['i64_mod']=q(()=>i1m.remainder(7));}catch(e){console.log('i64_mod',e.message);}
try{R['i64_div']=q(()=>i1m.floorDivide(7));}catch(e){console.log('i64_div',e.message);}
try{R['f64_add']=q(()=>d.add(d));}catch(e){console.log('f64_add',e.message);}
try{R['upsample2']=q(()=>F.interpolate(img,{scaleFactor:2}));}catch(e){console.log('upsample2',e.message);}
try{R['upsample2_bil']=q(()=>F.interpolate(img,{scaleFactor:2,mode:'bilinear'}));}catch(e){console.log('upsample2_bil',e.message);}
try{R['cat_ch']=q(()=>torch.cat([img,img],1));}catch(e){console.log('cat_ch',e.message);}
try{R['pad2']=q(()=>F.pad(img,[1,1,1,1]));}catch(e){console.log('pad2',e.message);}
try{R['pad_refl']=q(()=>F.pad(img,[1,1,1,1],{mode:'reflect'}));}catch(e){console.log('pad_refl',e.message);}
try{R['pixshuf']=q(()=>F.pixelShuffle(img,2));}catch(e){console.log('pixshuf',e.message);}
try{R['repeat']=q(()=>v.repeat(1000,1));}catch(e){console.log('repeat',e.message);}
try{R['sum_exp']=q(()=>x.exp().sum(1));}catch(e){console.log('sum_exp',e.message);}
try{R['lse']=q(()=>x.logsumexp(1));}catch(e){console.log('lse',e.message);}
try{R['ce']=q(()=>F.crossEntropy(x,i1));}catch(e){console.log('ce',e.message);}
fs.writeFileSync('/tmp/t/survey/tt.json',JSON.stringify(R));
