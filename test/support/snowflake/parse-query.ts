import type { Expr, Item, Query, Select, Source, Values } from './ast.ts';
import type { Cursor } from './lexer.ts';
import { ExpressionParser } from './parse-expression.ts';
import { aliasAt, columnsAt, identifierAt, nameAt, stageAt } from './parse-names.ts';

/** Reads queries and the expressions in them. */
export class QueryParser {
  readonly cursor: Cursor;
  readonly expressions: ExpressionParser;

  constructor(cursor: Cursor) {
    this.cursor = cursor;
    this.expressions = new ExpressionParser(cursor, () => this.query());
  }

  expression(): Expr {
    return this.expressions.expression();
  }

  query(): Query {
    const { cursor } = this;
    const heads = cursor.take('WITH') ? cursor.list(() => this.#common()) : [];
    const arms = [this.#arm()];
    while (cursor.take('UNION', 'ALL')) arms.push(this.#arm());
    const order = cursor.take('ORDER', 'BY') ? this.expressions.orderBy() : [];
    const limit = cursor.take('LIMIT') ? cursor.number() : undefined;
    return { with: heads, arms, order, ...(limit !== undefined && { limit }) };
  }

  #common(): { name: string; query: Query } {
    const name = identifierAt(this.cursor);
    this.cursor.expect('AS');
    return { name, query: this.cursor.inBrackets(() => this.query()) };
  }

  #arm(): Select | Values {
    const { cursor } = this;
    if (cursor.take('VALUES')) return { kind: 'values', rows: cursor.list(() => this.#row()) };
    return this.select();
  }

  #row(): Expr[] {
    return this.cursor.inBrackets(() => this.cursor.list(() => this.expression()));
  }

  select(): Select {
    const { cursor } = this;
    cursor.expect('SELECT');
    const distinct = cursor.take('DISTINCT');
    const items = cursor.list(() => this.#item());
    const from = cursor.take('FROM') ? this.source() : undefined;
    const where = this.optional('WHERE');
    const group = cursor.take('GROUP', 'BY') ? cursor.list(() => this.expression()) : [];
    const having = this.optional('HAVING');
    const qualify = this.optional('QUALIFY');
    return {
      kind: 'select',
      distinct,
      items,
      group,
      ...(from && { from }),
      ...(where && { where }),
      ...(having && { having }),
      ...(qualify && { qualify }),
    };
  }

  optional(word: string): Expr | undefined {
    return this.cursor.take(word) ? this.expression() : undefined;
  }

  #item(): Item {
    const from = this.cursor.peek().at;
    const of = this.expression();
    const text = this.cursor.sql.slice(from, this.cursor.peek().at).trim();
    const as = of.kind === 'star' ? undefined : aliasAt(this.cursor);
    return { of, text, ...(as !== undefined && { as }) };
  }

  source(): Source {
    const { cursor } = this;
    let left = this.#operand();
    for (;;) {
      const how = this.#join();
      if (how !== undefined) left = this.#joined(left, how);
      else if (cursor.take(',')) left = { kind: 'join', how: 'CROSS', left, right: this.#operand() };
      else return left;
    }
  }

  #joined(left: Source, how: 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS'): Source {
    const right = this.#operand();
    if (how === 'CROSS') return { kind: 'join', how, left, right };
    this.cursor.expect('ON');
    return { kind: 'join', how, left, right, on: this.expression() };
  }

  #join(): 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS' | undefined {
    const { cursor } = this;
    if (cursor.take('JOIN') || cursor.take('INNER', 'JOIN')) return 'INNER';
    if (cursor.take('CROSS', 'JOIN')) return 'CROSS';
    const side = (['LEFT', 'RIGHT', 'FULL'] as const).find(
      (one) => cursor.take(one, 'JOIN') || cursor.take(one, 'OUTER', 'JOIN'),
    );
    return side;
  }

  #operand(): Source {
    const { cursor } = this;
    if (cursor.peek().kind === 'stage') return this.#aliased({ kind: 'stage', path: stageAt(cursor) });
    if (!cursor.is('(')) return this.#aliased({ kind: 'table', name: nameAt(cursor) });
    const query = cursor.inBrackets(() => this.query());
    const as = aliasAt(cursor);
    const columns = as !== undefined && cursor.is('(') ? columnsAt(cursor) : undefined;
    return { kind: 'query', query, ...(as !== undefined && { as }), ...(columns && { columns }) };
  }

  #aliased(source: Source & { kind: 'table' | 'stage' }): Source {
    const as = aliasAt(this.cursor);
    return as === undefined ? source : { ...source, as };
  }
}
