import type { Expr } from './expr.js';

/** The nodes below `roots`, arguments first. */
export function inOrder(roots: readonly Expr[]): Expr[] {
  const order = new Set<Expr>();
  const stack = [...roots];
  while (stack.length > 0) {
    const e = stack[stack.length - 1];
    const missing = order.has(e) ? [] : e.args.filter((arg) => !order.has(arg));
    if (missing.length > 0) stack.push(...missing);
    else order.add(stack.pop()!);
  }
  return [...order];
}
