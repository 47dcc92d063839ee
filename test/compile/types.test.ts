import { expect } from 'chai';
import { columnTypes } from '../../engine/compile/column-types.ts';
import { existingType } from '../../engine/compile/existing-types.ts';
import { typeLimits } from '../../engine/compile/type-limits.ts';
import type { Dialect } from '../../engine/model/plan.ts';
import { logicalType } from '../support/mappings.ts';
import { text } from '../support/root.ts';

const dialects = ['duckdb', 'postgres', 'snowflake'] as const satisfies readonly Dialect[];

const page = text('docs/types.md');

/** The lines of the table behind a title of docs/types.md. */
const tableOf = (title: string): readonly (readonly string[])[] => {
  const from = page.slice(page.indexOf(title)).split('\n');
  const start = from.findIndex((line) => line.startsWith('| type'));
  const end = from.findIndex((line, at) => at > start && !line.startsWith('|'));
  return from.slice(start + 2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
};

describe('docs/types.md', () => {
  it('says for each type what column it gets in each warehouse', () => {
    const lines = tableOf('# Types, limits and names');
    expect(lines.map(([name]) => name)).to.have.members([
      ...['string', 'integer', 'decimal(p,s)', 'double', 'boolean', 'date', 'time'],
      ...['timestamp', 'datetime', 'json', 'binary'],
    ]);
    for (const [name = '', ...columns] of lines) {
      const type = logicalType(name.replace('(p,s)', '(18,4)'));
      const expected = dialects.map((dialect) => columnTypes(dialect)(type).type);
      expect(columns.map((column) => column.replace('(p,s)', '(18,4)'))).to.deep.equal(expected);
    }
  });

  it('says what one warehouse refuses besides', () => {
    const lines = tableOf('## What one warehouse refuses besides');
    const limited = new Map(lines.map(([name = '', ...cells]) => [name, cells.map((cell) => cell !== '–')]));
    for (const [name] of tableOf('# Types, limits and names')) {
      const type = logicalType((name ?? '').replace('(p,s)', '(18,4)'));
      const has = dialects.map((dialect) => typeLimits(dialect, type) !== undefined);
      expect(limited.get(type.name) ?? [false, false, false], type.name).to.deep.equal(has);
    }
    const json = lines.find(([name]) => name === 'json') ?? [];
    expect(json[2]).to.contain(String(typeLimits('postgres', { name: 'json' })?.json?.whole));
    expect(json[3]).to.contain(`${typeLimits('snowflake', { name: 'json' })?.json?.digits} digits`);
  });
});

describe('types of a warehouse', () => {
  it('that we give are read back as the types they were made of', () => {
    const names = [
      'string',
      'integer',
      'decimal(18,4)',
      'double',
      'boolean',
      'date',
      'time',
      'timestamp',
      'datetime',
      'json',
      'binary',
    ];
    for (const dialect of dialects)
      for (const name of names) {
        const type = logicalType(name);
        expect(existingType(dialect, columnTypes(dialect)(type).type), `${dialect} ${name}`).to.deep.equal({
          logical: type,
        });
      }
  });
});
