/** Rebuilds expression graphs with equal nodes shared and the arithmetic identities of exact values taken out. */
import { bool } from './dtype.js';
import { constant, Expr } from './expr.js';

const isConst = (x: Expr, value: number): boolean => x.op === 'const' && Number(x.value) === value && !Object.is(x.value, -0);

/** The rules keep NaN, infinities and signed zeros as they are. */
function rewrite(e: Expr): Expr {
  const [a, b, c] = e.args;
  switch (e.op) {
    case 'mul':
      return isConst(a, 1) ? b : isConst(b, 1) ? a : e;
    case 'div':
    case 'idiv':
      return isConst(b, 1) ? a : e;
    case 'sub':
      return isConst(b, 0) ? a : e;
    case 'neg':
      return a.op === 'neg' ? a.args[0] : e;
    case 'conj':
      return a.op === 'conj' ? a.args[0] : e;
    case 'cast':
      return a.dtype === e.dtype ? a : a.op === 'const' && e.dtype !== bool ? castConstant(a, e) : e;
    case 'where':
      return b === c ? b : e;
    default:
      return e;
  }
}

function castConstant(a: Expr, e: Expr): Expr {
  const fits = e.dtype.category >= 2 || (e.dtype.category === 1 && a.dtype.category === 1 && e.dtype.itemsize >= a.dtype.itemsize);
  return fits && typeof a.value !== 'bigint' ? constant(Number(a.value), e.dtype) : e;
}

export function simplify(roots: readonly Expr[]): Expr[] {
  const shared = new Map<string, Expr>();
  const ids = new Map<Expr, number>();
  const done = new Map<Expr, Expr>();
  const visit = (e: Expr): Expr => {
    const known = done.get(e);
    if (known) return known;
    const args = e.args.map(visit);
    const rebuilt = rewrite(args.every((x, i) => x === e.args[i]) ? e : new Expr(e.op, e.dtype, args, e.value));
    const result = ids.has(rebuilt) ? rebuilt : share(rebuilt, shared, ids);
    done.set(e, result);
    return result;
  };
  return roots.map(visit);
}

function share(e: Expr, shared: Map<string, Expr>, ids: Map<Expr, number>): Expr {
  const value = Object.is(e.value, -0) ? '-0' : String(e.value);
  const key = `${e.op} ${e.dtype.code} ${typeof e.value} ${value} ${e.args.map((x) => ids.get(x)).join(' ')}`;
  const known = shared.get(key);
  if (known) return known;
  shared.set(key, e);
  ids.set(e, ids.size);
  return e;
}

/** Every node below `roots` once, arguments before users. */
export function topological(roots: readonly Expr[]): Expr[] {
  const order: Expr[] = [];
  const seen = new Set<Expr>();
  const visit = (e: Expr): void => {
    if (seen.has(e)) return;
    seen.add(e);
    e.args.forEach(visit);
    order.push(e);
  };
  roots.forEach(visit);
  return order;
}
