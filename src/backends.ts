/** `torch.backends`: switches that PyTorch's scripts set and ask. There is nothing behind those of other devices. https://pytorch.org/docs/stable/backends.html */
const no = (): boolean => false;

export const cuda = { isBuilt: no, matmul: { allowTf32: false } };
export const cudnn = {
  enabled: false,
  benchmark: false,
  deterministic: false,
  allowTf32: false,
  isAvailable: no,
  version: (): number | null => null,
};
export const mps = { isAvailable: no, isBuilt: no };
export const mkl = { isAvailable: no };
export const mkldnn = { enabled: false, isAvailable: no };
export const openmp = { isAvailable: no };
