/** Parses Python's infix arithmetic, once per call site of `torch.expr`. */

export type BinaryOperator =
  '+' | '-' | '*' | '/' | '//' | '%' | '**' | '@' | '&' | '|' | '^' | '<<' | '>>' | '<' | '<=' | '>' | '>=' | '==' | '!=';
export type UnaryOperator = '-' | '+' | '~';

export type Syntax =
  | { readonly kind: 'operand'; readonly index: number }
  | { readonly kind: 'number'; readonly value: number; readonly isFloat: boolean }
  | { readonly kind: 'unary'; readonly op: UnaryOperator; readonly arg: Syntax }
  | { readonly kind: 'binary'; readonly op: BinaryOperator; readonly left: Syntax; readonly right: Syntax };

interface Token {
  readonly text: string;
  readonly at: number;
  readonly syntax?: Syntax;
}

/** Binary operators by precedence, loosest first; all of them group to the left. `**` binds tighter than signs and groups to the right. */
const levels: readonly (readonly BinaryOperator[])[] = [
  ['<', '<=', '>', '>=', '==', '!='],
  ['|'],
  ['^'],
  ['&'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '//', '%', '@'],
];

const pattern = /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|(\*\*|\/\/|<<|>>|<=|>=|==|!=|[-+*/%@&|^~<>()]))/y;

/** How the template reads in an error: operands as `${0}`. */
const shown = (strings: readonly string[]): string => strings.reduce((text, s, i) => `${text}\${${i - 1}}${s}`);

function failure(strings: readonly string[], at: number, message: string): SyntaxError {
  return new SyntaxError(`${message}\n  ${shown(strings)}\n  ${' '.repeat(at)}^`);
}

function tokenize(strings: readonly string[]): Token[] {
  const tokens: Token[] = [];
  let base = 0;
  strings.forEach((text, i) => {
    if (i > 0) {
      const name = `\${${i - 1}}`;
      tokens.push({ text: name, at: base, syntax: { kind: 'operand', index: i - 1 } });
      base += name.length;
    }
    tokenizeText(strings, text, base, tokens);
    base += text.length;
  });
  tokens.push({ text: '', at: base });
  return tokens;
}

function tokenizeText(strings: readonly string[], text: string, base: number, tokens: Token[]): void {
  const end = text.trimEnd().length;
  pattern.lastIndex = 0;
  while (pattern.lastIndex < end) {
    const start = pattern.lastIndex;
    const match = pattern.exec(text);
    if (!match)
      throw failure(strings, base + start + (/^\s*/.exec(text.slice(start))?.[0].length ?? 0), 'torch.expr: unexpected character');
    const [whole, number, operator] = match;
    const at = base + start + whole.length - (number ?? operator).length;
    tokens.push(number ? { text: number, at, syntax: numberOf(number) } : { text: operator, at });
  }
}
const numberOf = (text: string): Syntax => ({ kind: 'number', value: Number(text), isFloat: /[.eE]/.test(text) });

class Parser {
  private next = 0;

  constructor(
    private readonly strings: readonly string[],
    private readonly tokens: readonly Token[],
  ) {}

  whole(): Syntax {
    const syntax = this.binary(0);
    if (this.peek().text !== '') throw this.unexpected();
    return syntax;
  }

  private peek(): Token {
    return this.tokens[this.next];
  }

  private unexpected(): SyntaxError {
    const { text, at } = this.peek();
    return failure(this.strings, at, text === '' ? 'torch.expr: the expression ends too early' : `torch.expr: unexpected '${text}'`);
  }

  private binary(level: number): Syntax {
    if (level === levels.length) return this.sign();
    let left = this.binary(level + 1);
    let compared = false;
    while (!this.peek().syntax && (levels[level] as readonly string[]).includes(this.peek().text)) {
      if (level === 0 && compared) throw failure(this.strings, this.peek().at, 'torch.expr: chained comparisons need parentheses and &');
      compared = true;
      const op = this.tokens[this.next++].text as BinaryOperator;
      left = { kind: 'binary', op, left, right: this.binary(level + 1) };
    }
    return left;
  }

  private sign(): Syntax {
    const { text, syntax } = this.peek();
    if (!syntax && (text === '-' || text === '+' || text === '~')) {
      this.next++;
      return { kind: 'unary', op: text, arg: this.sign() };
    }
    return this.power();
  }

  private power(): Syntax {
    const left = this.atom();
    if (this.peek().text !== '**') return left;
    this.next++;
    return { kind: 'binary', op: '**', left, right: this.sign() };
  }

  private atom(): Syntax {
    const token = this.peek();
    if (token.syntax) {
      this.next++;
      return token.syntax;
    }
    if (token.text !== '(') throw this.unexpected();
    this.next++;
    const inner = this.binary(0);
    if (this.peek().text !== ')') throw failure(this.strings, token.at, "torch.expr: '(' was never closed");
    this.next++;
    return inner;
  }
}

/** The syntax tree of a template; throws SyntaxError with a caret under the place. */
export const parse = (strings: readonly string[]): Syntax => new Parser(strings, tokenize(strings)).whole();
