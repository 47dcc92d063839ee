import type { AuditStatement } from '../model/audit.ts';
import { stagedMeta } from '../model/batch.ts';
import { accountColumn, versionsTable } from '../model/columns.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';
import type { Dialect, LoadStatement, LoadStep, LogicalType, MappingPlan } from '../model/plan.ts';
import type { Project } from '../model/project.ts';
import type { WarehouseTable } from '../model/snapshot.ts';
import { hasVersionsTable, keepsVersions } from '../model/strategy.ts';
import { type OwnTables, ownTables } from '../model/warehouse-home.ts';
import type { WarehouseStatements } from '../model/warehouse-views.ts';
import { type ColumnType, columnTypes, pageType } from './column-types.ts';
import { type Definition, ownOf, step } from './definition.ts';
import type { Evolution } from './evolution.ts';
import { auditNames, heldAuditNames, isUsed, loadNames, templateOf } from './load-names.ts';
import { boundsOf } from './merge-bounds.ts';
import { SqlTemplates } from './sql-templates.ts';
import { historyColumns, identityOf, kindOf, valuesOf, versionsOf } from './table-identity.ts';

interface Column extends ColumnType {
  readonly name: string;
  readonly required: boolean;
  /** Whether it holds a property's values, and how rows that are there already get theirs. */
  readonly filled: 'anew' | 'by reload' | 'later';
  /** A text that keys and versions are compared by. */
  readonly bytewise: boolean;
}

/** Renders a dialect's templates: identifiers quoted by a helper, values only as `$name` parameters. */
export class WarehouseSql {
  readonly #dialect: Dialect;
  readonly #project: Project;
  readonly #tables: readonly WarehouseTable[];
  readonly #own: OwnTables;
  readonly #templates = new Map<string | undefined, SqlTemplates>();

  constructor(project: Project, tables: readonly WarehouseTable[]) {
    const { warehouse } = project;
    this.#dialect = warehouse.type ?? 'duckdb';
    this.#project = project;
    this.#tables = tables;
    this.#own = ownTables(warehouse);
  }

  /** What is asked of the warehouse before there is a plan. */
  questions(): WarehouseStatements {
    const templates = this.#of();
    const [tables, units] = [templates.render('tables', {}), templates.render('units', {})];
    return { tables, units, lastLoads: templates.render('last-loads', {}), loads: this.#own.loads };
  }

  /** DDL of those of our own tables that the warehouse does not have yet, or has from an older version. */
  lacking(): readonly string[] {
    const { loads, completeness } = this.#own;
    const known = this.#table(loads.schema, loads.table);
    const hasLoads = known !== undefined && typeIn(known, 'deleted') !== undefined;
    const hasCompleteness = this.#table(completeness.schema, completeness.table) !== undefined;
    return [
      ...(hasLoads ? [] : this.#of().statements('loads', {})),
      ...(hasCompleteness ? [] : this.#of().statements('completeness', {})),
    ];
  }

  /** DDL that makes the target table fit the mapping as it was decided, after `first`; no step when it does. */
  define({ mapping, widened, settled, changes }: Evolution, first: readonly string[]): Definition {
    const existing = this.#table(mapping.schema, mapping.table);
    const columns = this.#columns(mapping);
    const templates = this.#of(mapping.name);
    if (existing === undefined) {
      const created = templates.statements('create', {
        ...mapping,
        columns,
        keepsVersions: keepsVersions(mapping),
      });
      const statements = [...first, ...created, ...this.#versions(mapping, true)];
      return step(mapping, 'the table does not exist yet', statements, {
        emptied: true,
        own: templates.own(['create', 'versions']),
      });
    }
    const added = columns.filter(({ name }) => typeIn(existing, name) === undefined);
    const retyped = columns.filter(
      ({ name, type }) => !settled.has(name) && ![undefined, type].includes(typeIn(existing, name)),
    );
    const diagnostics = retyped.map((column) =>
      retypedColumn(mapping, column, typeIn(existing, column.name) ?? ''),
    );
    const refill = added.some(({ filled }) => filled === 'anew');
    const history = mapping.strategy === 'scd2';
    const altered =
      added.length === 0 ? [] : templates.statements('alter', { ...mapping, added, refill, history });
    const versions = this.#versions(mapping, false);
    const wider = columns
      .filter(({ name }) => widened.some((one) => one.name === name))
      .flatMap((column) => templates.statements('retype', { ...mapping, ...column }));
    const statements = [...first, ...wider, ...altered, ...versions];
    if (statements.length === 0 || diagnostics.length > 0) return { steps: [], diagnostics, emptied: false };
    const names = [
      ...widened.map(({ name }) => name),
      ...added.map(({ name }) => name),
      ...(versions.length > 0 ? [versionsTable(mapping.table)] : []),
    ];
    const isLater = added.every(({ filled }) => filled === 'later') && versions.length === 0;
    const reason = names.length === 0 ? 'the warehouse lacks tables of our own' : `new: ${names.join(', ')}`;
    const used = [
      ...(wider.length > 0 ? ['retype'] : []),
      ...(altered.length > 0 ? ['alter'] : []),
      ...(versions.length > 0 ? ['versions'] : []),
    ];
    return step(mapping, reason, statements, { emptied: !isLater, changes, own: templates.own(used) });
  }

  /** The table that knows the versions of records, where it is needed and lacking. */
  #versions(mapping: MappingPlan, anew: boolean): readonly string[] {
    const versions = versionsTable(mapping.table);
    const isKnown = this.#table(mapping.schema, versions) !== undefined;
    if (!hasVersionsTable(mapping) || (isKnown && !anew)) return [];
    const template = mapping.strategy === 'scd2' ? 'history' : 'versions';
    return this.#of(mapping.name).statements(template, { ...this.#context(mapping), versions, anew });
  }

  load(mapping: MappingPlan, rowsMax: number): LoadStep {
    const context = this.#context(mapping);
    const templates = this.#of(mapping.name);
    const statements = loadNames(mapping, this.#dialect)
      .filter((name) => isUsed(name, templates))
      .flatMap((name) =>
        templates.statements(templateOf(name, mapping), context).map((sql): LoadStatement => ({ name, sql })),
      );
    const reason = `what is staged goes to ${mapping.schema}.${mapping.table}`;
    return {
      kind: 'load',
      id: `load ${mapping.name}`,
      reason,
      mapping: mapping.name,
      rowsMax,
      statements,
      ...ownOf(
        templates.own(
          statements.map(({ name }) => name),
          (name) => templateOf(name, mapping),
        ),
      ),
    };
  }

  /** What holds a load file against the target table. */
  audit(mapping: MappingPlan): readonly AuditStatement[] {
    const context = { ...this.#context(mapping), batched: true, audited: true };
    const { strategy: _, ...plain } = mapping;
    // A source lists only what is newest.
    const listed = { ...context, ...identityOf(plain) };
    return [...auditNames, ...heldAuditNames(mapping)].flatMap(([name, template]) => {
      const isListed = ['superseded', 'batch', 'newest', 'compare_source'].includes(name);
      const own = { ...(isListed ? listed : context), source: name === 'compare_source' };
      return this.#of(mapping.name)
        .statements(template, own)
        .map((sql) => ({ name, sql }));
    });
  }

  #context(mapping: MappingPlan): object {
    const columns = this.#fileColumns(mapping);
    return {
      ...mapping,
      mapping: mapping.name,
      ...identityOf(mapping),
      ...versionsOf(mapping),
      audited: false,
      soft: mapping.deletes?.how === 'soft',
      keepsDeleted: this.#keepsDeleted(mapping),
      values: valuesOf(mapping),
      keys: columns.filter(({ name }) => mapping.key.includes(name)),
      compared: mapping.properties
        .filter(({ name }) => !mapping.key.includes(name))
        .map(({ name, type }) => ({
          ...columnTypes(this.#dialect)(type),
          name,
          isJson: type.name === 'json',
        })),
      batched: mapping.deletes !== undefined || mapping.strategy !== undefined,
      bounds: boundsOf(mapping).map((bound) => ({ ...bound, ...columnTypes(this.#dialect)(bound.logical) })),
      columns,
      file: columns.map(({ fileType, ...column }) => ({ ...column, type: fileType })),
    };
  }

  /** Deletes the rows with certain values in these columns; each has a list of texts as its parameter. */
  forget(
    { schema, table }: Pick<MappingPlan, 'schema' | 'table'>,
    columns: readonly { readonly name: string; readonly type: LogicalType }[],
  ): string {
    const types = columnTypes(this.#dialect);
    const keys = columns.map(({ name, type }) => ({ ...types(type), name }));
    return this.#of().render('forget', { schema, table, keys });
  }

  /** Columns of the target table, in order. */
  #columns(mapping: MappingPlan): readonly Column[] {
    const types = columnTypes(this.#dialect);
    const { deletes } = mapping;
    const isHistory = mapping.strategy === 'scd2';
    const text = types({ name: 'string' });
    const instant = types({ name: 'timestamp' });
    const own = { required: true, filled: 'anew' } as const;
    const late = { required: false, filled: 'by reload' } as const;
    const versioned = mapping.versionedBy === undefined ? ({ ...late, filled: 'later' } as const) : late;
    const values = new Set(valuesOf(mapping));
    const columns = [
      { name: accountColumn, ...text, ...own },
      // What must be there is checked while mapping; a mapping may require less tomorrow.
      ...mapping.properties.map(({ name, type }) => ({ ...types(type), name, ...own, required: false })),
      { name: '_run', ...text, ...own },
      { name: '_page', ...pageType(this.#dialect), ...own },
      { name: '_loaded_at', ...instant, ...own },
      { name: '_hash', ...text, ...own },
      { name: '_cursor', ...text, ...versioned },
      ...(deletes === undefined || isHistory ? [] : [{ name: '_record', ...text, ...late }]),
      ...(deletes?.how === 'soft' && !isHistory
        ? [{ name: '_deleted_at', ...instant, required: false, filled: 'later' } as const]
        : []),
      ...(isHistory ? historyColumns(types, late) : []),
    ];
    return columns.map((column) => ({ ...column, bytewise: column.isText && !values.has(column.name) }));
  }

  /** Whether rows may be there that are deleted: now, or since an earlier time when they were kept as such. In a history they end. */
  #keepsDeleted({ deletes, schema, strategy, table }: MappingPlan): boolean {
    if (strategy === 'scd2') return false;
    const existing = this.#table(schema, table);
    return (
      deletes?.how === 'soft' || (existing !== undefined && typeIn(existing, '_deleted_at') !== undefined)
    );
  }

  /** Columns of the load file, in order: see `stagedMeta`. */
  #fileColumns(mapping: MappingPlan): readonly FileColumn[] {
    const types = columnTypes(this.#dialect);
    const position = pageType(this.#dialect);
    const kind = kindOf(mapping);
    return [
      { name: accountColumn, ...types({ name: 'string' }), kind: '', isJson: false },
      ...mapping.properties.map(({ name, type }) => ({
        name,
        ...types(type),
        kind: '',
        isJson: type.name === 'json',
      })),
      ...stagedMeta.map((name) => ({
        name,
        ...(['_page', '_ordinal', '_index'].includes(name) ? position : types({ name: 'string' })),
        kind: name === '_cursor' ? kind : '',
        isJson: false,
      })),
    ];
  }

  #table(schema: string, table: string): WarehouseTable | undefined {
    return this.#tables.find((one) => same(one.schema, schema) && same(one.table, table));
  }

  /** The templates of a mapping; without one, the project's. */
  #of(mapping?: string): SqlTemplates {
    const known = this.#templates.get(mapping);
    if (known !== undefined) return known;
    const made = new SqlTemplates(this.#project, this.#dialect, {
      ...(mapping !== undefined && { mapping }),
      more: this.#own,
    });
    this.#templates.set(mapping, made);
    return made;
  }
}

interface FileColumn extends ColumnType {
  readonly name: string;
  readonly isJson: boolean;
  /** Of a cursor: what the warehouse keeps before its value. */
  readonly kind: string;
}

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
