import { invalid } from '../errors';

type Value = string | number | boolean;
type Test = (valueOf: (name: string) => unknown) => boolean;

const TOKEN = /\s*(?:(==|!=|<=|>=|<|>|\(|\)|&&|\|\|)|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([\w.-]+))/y;

interface Token {
  text: string;
  kind: 'sign' | 'text' | 'word';
}

const COMPARISONS: Readonly<Record<string, (value: unknown, wanted: Value) => boolean>> = {
  '==': (value, wanted) => value === wanted,
  '!=': (value, wanted) => value !== wanted,
  '<': (value, wanted) => differenceOf(value, wanted) < 0,
  '<=': (value, wanted) => differenceOf(value, wanted) <= 0,
  '>': (value, wanted) => differenceOf(value, wanted) > 0,
  '>=': (value, wanted) => differenceOf(value, wanted) >= 0,
};

/** Below zero when the value comes before the wanted one; not a number when the two have no order. */
function differenceOf(value: unknown, wanted: Value): number {
  if (typeof value === 'number' && typeof wanted === 'number') return value - wanted;
  if (typeof value !== 'string' || typeof wanted !== 'string') return Number.NaN;
  return value === wanted ? 0 : value < wanted ? -1 : 1;
}

/**
 * Reads a query such as `camera == "north" and (take >= 2 or final == true)`. The provider's grammar is published nowhere
 * but in one example, `custom_field == "value"`.
 * @throws ApiError that names the query's parameter.
 */
export function readExpression(parameter: string, text: string): Test {
  const reader = new Reader(parameter, tokensOf(parameter, text));
  const test = reader.any();
  reader.end();
  return test;
}

function tokensOf(parameter: string, text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (text.slice(TOKEN.lastIndex).trim() !== '') {
    const match = TOKEN.exec(text);
    if (!match) throw invalid(`The parameter ${parameter} is not understood. ${EXAMPLE}`);
    const [, sign, double, single, word] = match;
    const quoted = double ?? single;
    if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted.replaceAll(/\\(.)/g, '$1') });
    else tokens.push({ kind: sign === undefined ? 'word' : 'sign', text: sign ?? word ?? '' });
  }
  return tokens;
}

const EXAMPLE = 'Write comparisons, such as name == "value" and other >= 2.';

class Reader {
  private at = 0;

  constructor(
    private readonly parameter: string,
    private readonly tokens: readonly Token[],
  ) {}

  any(): Test {
    const tests = [this.all()];
    while (this.takes('or', '||')) tests.push(this.all());
    return (valueOf) => tests.some((test) => test(valueOf));
  }

  end(): void {
    if (this.at < this.tokens.length) this.refuse();
  }

  private all(): Test {
    const tests = [this.comparison()];
    while (this.takes('and', '&&')) tests.push(this.comparison());
    return (valueOf) => tests.every((test) => test(valueOf));
  }

  private comparison(): Test {
    if (this.takes('(')) {
      const inner = this.any();
      if (!this.takes(')')) this.refuse();
      return inner;
    }
    const name = this.next();
    const compare = COMPARISONS[this.next()?.text ?? ''];
    const wanted = valueOf(this.next());
    if (name?.kind !== 'word' || !compare || wanted === undefined) return this.refuse();
    return (valueIn) => compare(valueIn(name.text), wanted);
  }

  private takes(...texts: string[]): boolean {
    const token = this.tokens[this.at];
    if (token === undefined || token.kind === 'text' || !texts.includes(token.text)) return false;
    this.at += 1;
    return true;
  }

  private next(): Token | undefined {
    return this.tokens[this.at++];
  }

  private refuse(): never {
    throw invalid(`The parameter ${this.parameter} is not understood. ${EXAMPLE}`);
  }
}

function valueOf(token: Token | undefined): Value | undefined {
  if (token === undefined || token.kind === 'sign') return undefined;
  if (token.kind === 'text') return token.text;
  if (token.text === 'true' || token.text === 'false') return token.text === 'true';
  const number = Number(token.text);
  return Number.isNaN(number) ? undefined : number;
}
