import type { Call, Expr, Order, Query, When, Window } from './ast.ts';
import type { Cursor } from './lexer.ts';
import { identifierAt, isFunctionName, isName } from './parse-names.ts';
import { typeAt } from './sql-types.ts';

/** Reads expressions; queries inside them are read by who made it. */
export class ExpressionParser {
  readonly #cursor: Cursor;
  readonly #query: () => Query;

  constructor(cursor: Cursor, query: () => Query) {
    this.#cursor = cursor;
    this.#query = query;
  }

  expression(): Expr {
    return this.#chain(['OR'], () => this.#chain(['AND'], () => this.#not()));
  }

  orderBy(): Order[] {
    return this.#cursor.list(() => {
      const by = this.expression();
      const descending = this.#cursor.oneOf('ASC', 'DESC') === 'DESC';
      if (!this.#cursor.take('NULLS')) return { by, descending };
      const nulls = this.#cursor.oneOf('FIRST', 'LAST');
      if (nulls !== 'FIRST' && nulls !== 'LAST') throw this.#cursor.unexpected();
      return { by, descending, nulls };
    });
  }

  #chain(ops: readonly string[], operand: () => Expr): Expr {
    let left = operand();
    for (;;) {
      const op = this.#cursor.oneOf(...ops);
      if (op === undefined) return left;
      left = { kind: 'binary', op, left, right: operand() };
    }
  }

  #not(): Expr {
    if (this.#cursor.take('NOT')) return { kind: 'not', of: this.#not() };
    return this.#comparison();
  }

  #comparison(): Expr {
    const cursor = this.#cursor;
    const of = this.#sum();
    if (cursor.take('IS')) return this.#is(of);
    const not = cursor.take('NOT');
    if (cursor.take('BETWEEN')) return this.#between(of, not);
    if (cursor.take('IN')) return this.#in(of, not);
    if (cursor.take('LIKE')) return this.#like(of, not);
    if (not) throw cursor.unexpected();
    const op = cursor.oneOf('=', '<>', '!=', '<=', '>=', '<', '>');
    return op === undefined
      ? of
      : { kind: 'binary', op: op === '!=' ? '<>' : op, left: of, right: this.#sum() };
  }

  #is(of: Expr): Expr {
    const not = this.#cursor.take('NOT');
    if (this.#cursor.take('NULL')) return { kind: 'null', of, not };
    this.#cursor.expect('DISTINCT', 'FROM');
    const op = not ? 'IS NOT DISTINCT FROM' : 'IS DISTINCT FROM';
    return { kind: 'binary', op, left: of, right: this.#sum() };
  }

  #between(of: Expr, not: boolean): Expr {
    const low = this.#sum();
    this.#cursor.expect('AND');
    return { kind: 'between', of, low, high: this.#sum(), not };
  }

  #in(of: Expr, not: boolean): Expr {
    return this.#cursor.inBrackets(() => {
      const among = this.#startsQuery() ? this.#query() : this.#cursor.list(() => this.expression());
      return { kind: 'in', of, among, not };
    });
  }

  #like(left: Expr, not: boolean): Expr {
    const like: Expr = { kind: 'binary', op: 'LIKE', left, right: this.#sum() };
    return not ? { kind: 'not', of: like } : like;
  }

  #sum(): Expr {
    return this.#chain(['+', '-', '||'], () => this.#chain(['*', '/', '%'], () => this.#unary()));
  }

  #unary(): Expr {
    if (this.#cursor.take('-')) return { kind: 'minus', of: this.#unary() };
    if (this.#cursor.take('+')) return this.#unary();
    return this.#postfix();
  }

  #postfix(): Expr {
    let of = this.#primary();
    for (;;) {
      if (this.#cursor.take('::')) of = { kind: 'cast', of, to: typeAt(this.#cursor), isTry: false };
      else if (this.#cursor.is(':')) of = { kind: 'path', of, keys: this.#path() };
      else return of;
    }
  }

  /** `:key`, then `.key`, `["key"]` or `[0]`. */
  #path(): (string | number)[] {
    const cursor = this.#cursor;
    cursor.expect(':');
    const keys: (string | number)[] = [this.#key()];
    for (;;) {
      if (cursor.take('.')) keys.push(this.#key());
      else if (cursor.take('[')) {
        const token = cursor.ofKind('text', 'number');
        keys.push(token.kind === 'number' ? Number(token.text) : token.text);
        cursor.expect(']');
      } else return keys;
    }
  }

  /** Keys of JSON are exact, written with quotes or without. */
  #key(): string {
    const token = this.#cursor.ofKind('word', 'quoted');
    return token.kind === 'word' ? token.raw : token.text;
  }

  #primary(): Expr {
    const cursor = this.#cursor;
    const { kind, text } = cursor.peek();
    switch (kind) {
      case 'text':
      case 'number':
        cursor.next();
        return { kind: 'literal', type: kind, text };
      case 'bind':
        cursor.next();
        cursor.binds += 1;
        return { kind: 'bind', index: text === '?' ? cursor.binds : Number(text.slice(1)) };
      case 'symbol':
        return this.#symbol(text);
      case 'word':
        return this.#word(text);
      case 'quoted':
        return this.#column();
      default:
        throw cursor.unexpected();
    }
  }

  #symbol(text: string): Expr {
    const cursor = this.#cursor;
    if (text.startsWith('$')) {
      cursor.next();
      return { kind: 'position', index: Number(text.slice(1)) };
    }
    if (text === '*') {
      cursor.next();
      return { kind: 'star', exclude: this.#exclude() };
    }
    return cursor.inBrackets(() =>
      this.#startsQuery() ? { kind: 'scalar', query: this.#query() } : this.expression(),
    );
  }

  #word(text: string): Expr {
    const cursor = this.#cursor;
    if (text === 'NULL' || text === 'TRUE' || text === 'FALSE') {
      cursor.next();
      return { kind: 'literal', type: text === 'NULL' ? 'null' : 'boolean', text };
    }
    if (cursor.take('CASE')) return this.#case();
    if (cursor.take('EXISTS')) return { kind: 'exists', query: cursor.inBrackets(() => this.#query()) };
    if (cursor.is('CAST', '(') || cursor.is('TRY_CAST', '(')) return this.#cast();
    return this.#named();
  }

  /** A call or a column; one function may go without brackets. */
  #named(): Expr {
    const cursor = this.#cursor;
    if (cursor.peek(1).raw === '(' && isFunctionName(cursor.peek())) return this.#call();
    if (!cursor.take('CURRENT_TIMESTAMP')) return this.#column();
    return { kind: 'call', name: 'CURRENT_TIMESTAMP', args: [], distinct: false };
  }

  #cast(): Expr {
    const isTry = this.#cursor.next().text === 'TRY_CAST';
    return this.#cursor.inBrackets(() => {
      const of = this.expression();
      this.#cursor.expect('AS');
      return { kind: 'cast', of, to: typeAt(this.#cursor), isTry };
    });
  }

  #case(): Expr {
    const cursor = this.#cursor;
    const of = cursor.is('WHEN') ? undefined : this.expression();
    const whens: When[] = [];
    while (cursor.take('WHEN')) {
      const when = this.expression();
      cursor.expect('THEN');
      whens.push({ when, value: this.expression() });
    }
    if (whens.length === 0) throw cursor.unexpected();
    const otherwise = cursor.take('ELSE') ? this.expression() : undefined;
    cursor.expect('END');
    return { kind: 'case', whens, ...(of && { of }), ...(otherwise && { otherwise }) };
  }

  #column(): Expr {
    const cursor = this.#cursor;
    const name = [identifierAt(cursor)];
    while (cursor.take('.')) {
      if (cursor.take('*')) return { kind: 'star', table: name.join('.'), exclude: this.#exclude() };
      // The one file that a COPY reads may have a name.
      if (name.length === 1 && cursor.peek().text.startsWith('$')) return this.#symbol(cursor.peek().text);
      name.push(identifierAt(cursor));
    }
    return { kind: 'column', name };
  }

  #exclude(): string[] {
    if (!this.#cursor.take('EXCLUDE')) return [];
    if (!this.#cursor.is('(')) return [identifierAt(this.#cursor)];
    return this.#cursor.inBrackets(() => this.#cursor.list(() => identifierAt(this.#cursor)));
  }

  #call(): Call {
    const cursor = this.#cursor;
    const name = cursor.ofKind('word').text;
    let distinct = false;
    const args = cursor.inBrackets(() => {
      if (cursor.is(')')) return [];
      distinct = cursor.take('DISTINCT');
      return cursor.list(() => this.#argument(name));
    });
    const within = this.#within();
    const nulls = cursor.oneOf('IGNORE', 'RESPECT');
    if (nulls !== undefined) cursor.expect('NULLS');
    const over = cursor.take('OVER') ? this.#window() : undefined;
    return {
      kind: 'call',
      name,
      args,
      distinct,
      ...(within && { within }),
      ...(nulls !== undefined && { nulls: nulls === 'IGNORE' ? 'IGNORE' : 'RESPECT' }),
      ...(over && { over }),
    };
  }

  /** The part of a date is a word of its own. */
  #argument(name: string): Expr {
    const { kind, text } = this.#cursor.peek();
    if (
      name !== 'DATEADD' ||
      kind !== 'word' ||
      !isName(this.#cursor.peek()) ||
      this.#cursor.peek(1).raw !== ','
    )
      return this.expression();
    this.#cursor.next();
    return { kind: 'column', name: [text] };
  }

  #within(): Order[] | undefined {
    const cursor = this.#cursor;
    if (!cursor.take('WITHIN')) return undefined;
    cursor.expect('GROUP');
    return cursor.inBrackets(() => {
      cursor.expect('ORDER', 'BY');
      return this.orderBy();
    });
  }

  #window(): Window {
    const cursor = this.#cursor;
    return cursor.inBrackets(() => {
      const partition = cursor.take('PARTITION', 'BY') ? cursor.list(() => this.expression()) : [];
      const order = cursor.take('ORDER', 'BY') ? this.orderBy() : [];
      const frame = cursor.is('ROWS') ? this.#frame() : undefined;
      return { partition, order, ...(frame !== undefined && { frame }) };
    });
  }

  #frame(): string {
    const cursor = this.#cursor;
    cursor.expect('ROWS', 'BETWEEN');
    const from = this.#bound();
    cursor.expect('AND');
    return `ROWS BETWEEN ${from} AND ${this.#bound()}`;
  }

  #bound(): string {
    const cursor = this.#cursor;
    if (cursor.take('CURRENT', 'ROW')) return 'CURRENT ROW';
    const count = cursor.take('UNBOUNDED') ? 'UNBOUNDED' : String(cursor.number());
    const side = cursor.oneOf('PRECEDING', 'FOLLOWING');
    if (side === undefined) throw cursor.unexpected();
    return `${count} ${side}`;
  }

  #startsQuery(): boolean {
    return this.#cursor.is('SELECT') || this.#cursor.is('WITH');
  }
}
