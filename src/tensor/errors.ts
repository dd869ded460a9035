/** The kinds of errors that PyTorch raises; `TypeError` is JavaScript's own. */
function kind(name: string): new (message: string) => Error {
  const Kind = class extends Error {};
  Object.defineProperty(Kind, 'name', { value: name });
  Object.defineProperty(Kind.prototype, 'name', { value: name });
  return Kind;
}

export const RuntimeError = kind('RuntimeError');
export const IndexError = kind('IndexError');
export const KeyError = kind('KeyError');
export const AttributeError = kind('AttributeError');
export const ValueError = kind('ValueError');
export const AssertionError = kind('AssertionError');
export const NotImplementedError = kind('NotImplementedError');
/**
 * What `torch.linalg` throws where a matrix is singular, or not positive definite, and there is no result for that.
 * https://pytorch.org/docs/stable/generated/torch.linalg.LinAlgError.html
 * @example
 * let caught: unknown;
 * try {
 *   torch.linalg.inv(torch.zeros(2, 2));
 * } catch (error) {
 *   caught = error;
 * }
 * caught instanceof torch.linalg.LinAlgError  // true
 */
export const LinAlgError = kind('LinAlgError');
export const UnpicklingError = kind('UnpicklingError');
