import Handlebars from 'handlebars';
import type { AuditStatement, AuditStatementName } from '../model/audit.ts';
import { stagedMeta } from '../model/batch.ts';
import { accountColumn } from '../model/columns.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';
import type { DefineStep, LoadStatement, LoadStep, LogicalType, MappingPlan } from '../model/plan.ts';
import type { WarehouseTable } from '../model/snapshot.ts';
import { type ColumnType, columnTypes } from './column-types.ts';

/** Where the warehouse keeps its own account of loads. */
export const loadsTable = { schema: 'main', table: '_etl_loads' } as const;
/** What it tells readers of its tables. */
const completeness = { schema: 'main', table: '_etl_completeness' } as const;

const statementEnd = /;?\n---\n/;
const loadNames = [
  'known',
  'open',
  'copy',
  'superseded',
  'batch',
  'newest',
  'count',
  'merge',
  'record',
  'complete',
] as const;

/** Statements of an audit, each with its template. */
const auditNames: readonly (readonly [AuditStatementName, template: string])[] = [
  ['open', 'open'],
  ['copy', 'copy'],
  ['superseded', 'superseded'],
  ['batch', 'batch'],
  ['newest', 'newest'],
  ['count', 'count'],
  ['compare', 'compare'],
  ['compare_source', 'compare'],
  ['counted', 'counted'],
  ['examples', 'examples'],
  ['loaded', 'loaded'],
];

interface Column extends ColumnType {
  readonly name: string;
  readonly required: boolean;
}

export interface Definition {
  /** Whether what is loaded already must be loaded again: the table is new, or has new columns. */
  readonly emptied: boolean;
  readonly steps: readonly DefineStep[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Renders a dialect's templates: identifiers quoted by a helper, values only as `$name` parameters. */
export class WarehouseSql {
  readonly #dialect: 'duckdb';
  readonly #templates: { readonly [name: string]: string };
  readonly #tables: readonly WarehouseTable[];
  readonly #handlebars = Handlebars.create();

  constructor(
    dialect: 'duckdb',
    templates: { readonly [name: string]: string },
    tables: readonly WarehouseTable[],
  ) {
    this.#dialect = dialect;
    this.#templates = templates;
    this.#tables = tables;
    this.#handlebars.registerHelper('id', (name: string) => `"${name.replaceAll('"', '""')}"`);
    this.#handlebars.registerHelper('text', (text: string) => `'${text.replaceAll("'", "''")}'`);
  }

  /** DDL of those of our own tables that the warehouse does not have yet. */
  lacking(): readonly string[] {
    const own = { loads: loadsTable, completeness };
    return Object.entries(own)
      .filter(([, { schema, table }]) => this.#table(schema, table) === undefined)
      .flatMap(([template]) => this.#statements(template, {}));
  }

  /** DDL that makes the target table fit the mapping, after `first`; no step when it does. */
  define(mapping: MappingPlan, first: readonly string[]): Definition {
    const existing = this.#table(mapping.schema, mapping.table);
    const columns = this.#columns(mapping);
    if (existing === undefined) {
      const statements = [...first, ...this.#statements('create', { ...mapping, columns })];
      return step(mapping, 'the table does not exist yet', statements, true);
    }
    const added = columns.filter(({ name }) => typeIn(existing, name) === undefined);
    const retyped = columns.filter(
      (column) => ![undefined, column.type].includes(typeIn(existing, column.name)),
    );
    const diagnostics = retyped.map((column) =>
      retypedColumn(mapping, column, typeIn(existing, column.name) ?? ''),
    );
    const altered = added.length === 0 ? [] : this.#statements('alter', { ...mapping, added });
    const statements = [...first, ...altered];
    if (statements.length === 0 || diagnostics.length > 0) return { steps: [], diagnostics, emptied: false };
    const names = added.map(({ name }) => name).join(', ');
    return step(
      mapping,
      added.length === 0 ? 'the warehouse lacks tables of our own' : `new: ${names}`,
      statements,
      added.length > 0,
    );
  }

  load(mapping: MappingPlan, rowsMax: number): LoadStep {
    const context = this.#context(mapping);
    const statements = loadNames.map((name): LoadStatement => ({ name, sql: this.#render(name, context) }));
    const reason = `what is staged goes to ${mapping.schema}.${mapping.table}`;
    return { kind: 'load', id: `load ${mapping.name}`, reason, mapping: mapping.name, rowsMax, statements };
  }

  /** What holds a load file against the target table. */
  audit(mapping: MappingPlan): readonly AuditStatement[] {
    const context = this.#context(mapping);
    return auditNames.map(([name, template]) => ({
      name,
      sql: this.#render(template, { ...context, source: name === 'compare_source' }),
    }));
  }

  #context(mapping: MappingPlan): object {
    return {
      ...mapping,
      mapping: mapping.name,
      values: mapping.properties.map(({ name }) => name).filter((name) => !mapping.key.includes(name)),
      columns: this.#fileColumns(mapping),
      file: this.#fileColumns(mapping).map(({ name, fileType }) => ({ name, type: fileType })),
    };
  }

  /** Deletes the rows with certain values in these columns; each has a list of texts as its parameter. */
  forget(
    { schema, table }: MappingPlan,
    columns: readonly { readonly name: string; readonly type: LogicalType }[],
  ): string {
    const types = columnTypes[this.#dialect];
    const keys = columns.map(({ name, type }) => ({ ...types(type), name }));
    return this.#render('forget', { schema, table, keys });
  }

  /** Columns of the target table, in order. */
  #columns(mapping: MappingPlan): readonly Column[] {
    const types = columnTypes[this.#dialect];
    return [
      { name: accountColumn, ...types({ name: 'string' }), required: true },
      ...mapping.properties.map((property) => ({
        ...types(property.type),
        name: property.name,
        // What must be there is checked while mapping; a mapping may require less tomorrow.
        required: false,
      })),
      { name: '_run', ...types({ name: 'string' }), required: true },
      { name: '_page', ...types({ name: 'integer' }), type: 'BIGINT', fileType: 'BIGINT', required: true },
      { name: '_loaded_at', ...types({ name: 'timestamp' }), required: true },
      { name: '_hash', ...types({ name: 'string' }), required: true },
    ];
  }

  /** Columns of the load file, in order: see `stagedMeta`. */
  #fileColumns(mapping: MappingPlan): readonly (ColumnType & { readonly name: string })[] {
    const types = columnTypes[this.#dialect];
    const position = { type: 'BIGINT', fileType: 'BIGINT', fromBase64: false };
    return [
      { name: accountColumn, ...types({ name: 'string' }) },
      ...mapping.properties.map(({ name, type }) => ({ name, ...types(type) })),
      ...stagedMeta.map((name) => ({
        name,
        ...(['_page', '_ordinal', '_index'].includes(name) ? position : types({ name: 'string' })),
      })),
    ];
  }

  #table(schema: string, table: string): WarehouseTable | undefined {
    return this.#tables.find((one) => same(one.schema, schema) && same(one.table, table));
  }

  #statements(template: string, context: object): readonly string[] {
    return this.#render(template, context).split(statementEnd);
  }

  #render(template: string, context: object): string {
    const text = this.#templates[`${this.#dialect}/${template}`];
    if (text === undefined)
      throw new Error(`Assertion failed: there is a template ${this.#dialect}/${template}.sql.hbs`);
    const render = this.#handlebars.compile(text, { noEscape: true, strict: true });
    return render({ ...context, loads: loadsTable, completeness }).trim();
  }
}

const step = (
  mapping: MappingPlan,
  reason: string,
  statements: readonly string[],
  emptied: boolean,
): Definition => ({
  emptied,
  steps: [{ kind: 'define', id: `define ${mapping.name}`, reason, mapping: mapping.name, statements }],
  diagnostics: [],
});

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

const typeIn = (table: WarehouseTable, column: string): string | undefined =>
  table.columns.find(({ name }) => name.toLowerCase() === column.toLowerCase())?.type;

const retypedColumn = (mapping: MappingPlan, column: Column, now: string): Diagnostic =>
  complaint(
    'ETL0303',
    `the column ${column.name} of ${mapping.schema}.${mapping.table} is ${now}, but the mapping ${mapping.name} makes it ${column.type}`,
    'A column never changes its type silently.',
    'Give the property another name, or drop or rename the column in the warehouse.',
  );
