import type { SqlType } from './sql-types.ts';

/** A name of one to three parts, as Snowflake resolves it: unquoted parts are upper-case already. */
export type Name = readonly string[];

export type Expr =
  | { readonly kind: 'literal'; readonly type: 'text' | 'number' | 'boolean' | 'null'; readonly text: string }
  | { readonly kind: 'bind'; readonly index: number }
  | { readonly kind: 'column'; readonly name: Name }
  | { readonly kind: 'position'; readonly index: number }
  | { readonly kind: 'star'; readonly table?: string; readonly exclude: readonly string[] }
  | Call
  | { readonly kind: 'not' | 'minus'; readonly of: Expr }
  | { readonly kind: 'binary'; readonly op: string; readonly left: Expr; readonly right: Expr }
  | {
      readonly kind: 'between';
      readonly of: Expr;
      readonly low: Expr;
      readonly high: Expr;
      readonly not: boolean;
    }
  | { readonly kind: 'in'; readonly of: Expr; readonly among: readonly Expr[] | Query; readonly not: boolean }
  | { readonly kind: 'null'; readonly of: Expr; readonly not: boolean }
  | { readonly kind: 'case'; readonly of?: Expr; readonly whens: readonly When[]; readonly otherwise?: Expr }
  | { readonly kind: 'cast'; readonly of: Expr; readonly to: SqlType; readonly isTry: boolean }
  | { readonly kind: 'exists' | 'scalar'; readonly query: Query }
  | { readonly kind: 'path'; readonly of: Expr; readonly keys: readonly (string | number)[] };

export interface When {
  readonly when: Expr;
  readonly value: Expr;
}

export interface Call {
  readonly kind: 'call';
  readonly name: string;
  readonly args: readonly Expr[];
  readonly distinct: boolean;
  readonly within?: readonly Order[];
  readonly nulls?: 'IGNORE' | 'RESPECT';
  readonly over?: Window;
}

export interface Window {
  readonly partition: readonly Expr[];
  readonly order: readonly Order[];
  readonly frame?: string;
}

export interface Order {
  readonly by: Expr;
  readonly descending: boolean;
  readonly nulls?: 'FIRST' | 'LAST';
}

export interface Item {
  readonly of: Expr;
  /** As it was written. */
  readonly text: string;
  readonly as?: string;
}

export interface Query {
  readonly with: readonly { readonly name: string; readonly query: Query }[];
  readonly arms: readonly (Select | Values)[];
  readonly order: readonly Order[];
  readonly limit?: number;
}

export interface Values {
  readonly kind: 'values';
  readonly rows: readonly (readonly Expr[])[];
}

export interface Select {
  readonly kind: 'select';
  readonly distinct: boolean;
  readonly items: readonly Item[];
  readonly from?: Source;
  readonly where?: Expr;
  readonly group: readonly Expr[];
  readonly having?: Expr;
  readonly qualify?: Expr;
}

export type Source =
  | { readonly kind: 'table'; readonly name: Name; readonly as?: string }
  | { readonly kind: 'stage'; readonly path: string; readonly as?: string }
  | {
      readonly kind: 'query';
      readonly query: Query;
      readonly as?: string;
      readonly columns?: readonly string[];
    }
  | {
      readonly kind: 'join';
      readonly how: 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS';
      readonly left: Source;
      readonly right: Source;
      readonly on?: Expr;
    };

export interface ColumnDefinition {
  readonly name: string;
  readonly type: SqlType;
  readonly required: boolean;
  readonly default?: Expr;
}

export interface Assignment {
  readonly column: string;
  readonly value: Expr;
}

export type MergeClause =
  | { readonly on: 'matched'; readonly and?: Expr; readonly set: readonly Assignment[] }
  | { readonly on: 'matched'; readonly and?: Expr; readonly set: 'delete' }
  | {
      readonly on: 'new';
      readonly and?: Expr;
      readonly columns: readonly string[];
      readonly values: readonly Expr[];
    };

export interface FileFormat {
  readonly [option: string]: string | boolean | number | readonly string[];
}

export interface CopyInto {
  readonly kind: 'copy';
  readonly table: Name;
  readonly columns?: readonly string[];
  readonly items?: readonly Item[];
  readonly as?: string;
  readonly stage: string;
  readonly format: FileFormat;
  readonly options: FileFormat;
}

export type Alteration =
  | { readonly do: 'add'; readonly ifNotExists: boolean; readonly columns: readonly ColumnDefinition[] }
  | { readonly do: 'drop'; readonly ifExists: boolean; readonly columns: readonly string[] }
  | { readonly do: 'rename column'; readonly from: string; readonly to: string }
  | { readonly do: 'rename'; readonly to: Name }
  | { readonly do: 'swap'; readonly with: Name }
  | { readonly do: 'type'; readonly column: string; readonly type: SqlType }
  | { readonly do: 'drop not null'; readonly column: string };

export interface CreateTable {
  readonly kind: 'create table';
  readonly name: Name;
  readonly how: 'TEMPORARY' | 'TRANSIENT' | 'PERMANENT';
  readonly orReplace: boolean;
  readonly ifNotExists: boolean;
  readonly columns?: readonly ColumnDefinition[];
  readonly query?: Query;
  readonly like?: Name;
}

export type Statement =
  | CreateTable
  | CopyInto
  | { readonly kind: 'create schema'; readonly name: Name; readonly ifNotExists: boolean }
  | {
      readonly kind: 'create stage';
      readonly name: Name;
      readonly temporary: boolean;
      readonly orReplace: boolean;
      readonly ifNotExists: boolean;
    }
  | {
      readonly kind: 'drop';
      readonly what: 'TABLE' | 'STAGE' | 'SCHEMA';
      readonly name: Name;
      readonly ifExists: boolean;
    }
  | {
      readonly kind: 'alter table';
      readonly name: Name;
      readonly ifExists: boolean;
      readonly change: Alteration;
    }
  | { readonly kind: 'put'; readonly file: string; readonly stage: string; readonly options: FileFormat }
  | { readonly kind: 'remove' | 'list'; readonly stage: string; readonly pattern?: string }
  | {
      readonly kind: 'merge';
      readonly into: Name;
      readonly as?: string;
      readonly using: Source;
      readonly on: Expr;
      readonly clauses: readonly MergeClause[];
    }
  | {
      readonly kind: 'insert';
      readonly into: Name;
      readonly overwrite: boolean;
      readonly columns?: readonly string[];
      readonly query: Query;
    }
  | {
      readonly kind: 'update';
      readonly table: Name;
      readonly as?: string;
      readonly set: readonly Assignment[];
      readonly from?: Source;
      readonly where?: Expr;
    }
  | {
      readonly kind: 'delete';
      readonly table: Name;
      readonly as?: string;
      readonly using?: Source;
      readonly where?: Expr;
    }
  | { readonly kind: 'truncate'; readonly table: Name; readonly ifExists: boolean }
  | { readonly kind: 'query'; readonly query: Query }
  | { readonly kind: 'begin' | 'commit' | 'rollback' }
  | { readonly kind: 'alter session'; readonly set: FileFormat; readonly unset: readonly string[] }
  | { readonly kind: 'use'; readonly what: 'ROLE' | 'WAREHOUSE' | 'DATABASE' | 'SCHEMA'; readonly name: Name }
  | { readonly kind: 'show'; readonly what: 'TABLES' | 'SCHEMAS' | 'STAGES' };
