/** Settings that PyTorch's users make. Operators here are deterministic and compute float32 products in full precision, so that they change nothing. */
import { RuntimeError } from '../tensor/errors.js';

type DebugMode = 0 | 1 | 2;
let debugMode: DebugMode = 0;

/**
 * Asks for deterministic operators, which all operators here are.
 * https://pytorch.org/docs/stable/generated/torch.use_deterministic_algorithms.html
 * @example
 * torch.useDeterministicAlgorithms(true);
 * torch.areDeterministicAlgorithmsEnabled()  // true
 * torch.useDeterministicAlgorithms(false);
 */
export function useDeterministicAlgorithms(mode: boolean, { warnOnly = false }: { warnOnly?: boolean } = {}): void {
  debugMode = !mode ? 0 : warnOnly ? 1 : 2;
}
/**
 * Whether deterministic operators were asked for. https://pytorch.org/docs/stable/generated/torch.are_deterministic_algorithms_enabled.html
 * @example torch.areDeterministicAlgorithmsEnabled()  // false
 */
export const areDeterministicAlgorithmsEnabled = (): boolean => debugMode !== 0;
/**
 * Whether others would only be warned of. https://pytorch.org/docs/stable/generated/torch.is_deterministic_algorithms_warn_only_enabled.html
 * @example torch.isDeterministicAlgorithmsWarnOnlyEnabled()  // false
 */
export const isDeterministicAlgorithmsWarnOnlyEnabled = (): boolean => debugMode === 1;

/**
 * Asks for deterministic operators: 'default' or 0 for no, 'warn' or 1, 'error' or 2.
 * https://pytorch.org/docs/stable/generated/torch.set_deterministic_debug_mode.html
 * @example
 * torch.setDeterministicDebugMode('warn');
 * torch.getDeterministicDebugMode()  // 1
 * torch.setDeterministicDebugMode('default');
 */
export function setDeterministicDebugMode(mode: DebugMode | 'default' | 'warn' | 'error'): void {
  const value = typeof mode === 'string' ? ['default', 'warn', 'error'].indexOf(mode) : mode;
  if (![0, 1, 2].includes(value))
    throw new RuntimeError(
      typeof mode === 'string'
        ? `invalid value of debug_mode, expected one of \`default\`, \`warn\`, \`error\`, but got ${mode}`
        : `invalid value of debug_mode, expected 0, 1, or 2, but got ${mode}`,
    );
  debugMode = value as DebugMode;
}
/**
 * 0, 1 or 2, as set. https://pytorch.org/docs/stable/generated/torch.get_deterministic_debug_mode.html
 * @example torch.getDeterministicDebugMode()  // 0
 */
export const getDeterministicDebugMode = (): number => debugMode;

const precisions = ['highest', 'high', 'medium'] as const;
type Precision = (typeof precisions)[number];
let precision: Precision = 'highest';

/**
 * Allows products of float32 matrices to be less precise; they are not.
 * https://pytorch.org/docs/stable/generated/torch.set_float32_matmul_precision.html
 * @example
 * torch.setFloat32MatmulPrecision('high');
 * torch.getFloat32MatmulPrecision()  // high
 * torch.setFloat32MatmulPrecision('highest');
 */
export function setFloat32MatmulPrecision(value: Precision): void {
  if (precisions.includes(value)) precision = value;
  else
    console.warn(
      `${String(value)} is not one of 'highest', 'high', or 'medium'; the current setFloat32MatmulPrecision call has no effect.`,
    );
}
/**
 * The precision as set. https://pytorch.org/docs/stable/generated/torch.get_float32_matmul_precision.html
 * @example torch.getFloat32MatmulPrecision()  // highest
 */
export const getFloat32MatmulPrecision = (): Precision => precision;
