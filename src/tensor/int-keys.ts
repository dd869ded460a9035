const mark = Symbol('int keys');

/** Notes that the keys of `object` stand for Python's ints, so that `torch.save` writes them as such. */
export const withIntKeys = <T extends object>(object: T): T => Object.defineProperty(object, mark, { value: true });

export const hasIntKeys = (object: object): boolean => mark in object;
