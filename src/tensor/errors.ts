/** The kinds of errors that PyTorch raises; `TypeError` is JavaScript's own. */
function kind(name: string): new (message: string) => Error {
  const Kind = class extends Error {};
  Object.defineProperty(Kind, 'name', { value: name });
  Object.defineProperty(Kind.prototype, 'name', { value: name });
  return Kind;
}

export const RuntimeError = kind('RuntimeError');
export const IndexError = kind('IndexError');
export const ValueError = kind('ValueError');
export const NotImplementedError = kind('NotImplementedError');
export const LinAlgError = kind('LinAlgError');
export const UnpicklingError = kind('UnpicklingError');
