import { DataTypes, type Model, type ModelAttributes, type ModelStatic, type Sequelize } from 'sequelize';

export interface RunRow {
  readonly id: string;
  readonly plan: string;
  readonly environment: string;
  readonly started_at: string;
  readonly finished_at?: string | null;
  readonly status: string;
}

export interface PositionRow {
  readonly environment: string;
  readonly source: string;
  readonly account: string;
  readonly stream: string;
  readonly cursor: string | null;
  /** JSON of an `OpenWindow`. */
  readonly window: string | null;
  /** JSON of a `StreamShape`. */
  readonly shape: string | null;
  readonly updated_at: string;
}

/** The bookkeeping tables as Sequelize models. Pages and rows are written by prepared statements: see `PageWriter`. */
export interface Models {
  readonly runs: ModelStatic<Model<RunRow>>;
  readonly positions: ModelStatic<Model<PositionRow>>;
}

const text = { type: DataTypes.TEXT, allowNull: false } as const;
const optional = { type: DataTypes.TEXT, allowNull: true } as const;
const key = { primaryKey: true } as const;

export function defineModels(sequelize: Sequelize): Models {
  const define = <Row extends object>(table: string, attributes: ModelAttributes<Model<Row>>) =>
    sequelize.define<Model<Row>>(table, copied(attributes), { tableName: table, timestamps: false });
  return {
    runs: define<RunRow>('runs', {
      id: { ...text, ...key },
      plan: text,
      environment: text,
      started_at: text,
      finished_at: optional,
      status: text,
    }),
    positions: define<PositionRow>('positions', {
      environment: { ...text, ...key },
      source: { ...text, ...key },
      account: { ...text, ...key },
      stream: { ...text, ...key },
      cursor: optional,
      window: optional,
      shape: optional,
      updated_at: text,
    }),
  };
}

/** Sequelize writes into the attributes it is given: each column needs an object of its own. */
const copied = <Row extends object>(attributes: ModelAttributes<Model<Row>>): ModelAttributes<Model<Row>> =>
  Object.fromEntries(
    Object.entries(attributes as { [column: string]: object }).map(([column, attribute]) => [
      column,
      { ...attribute },
    ]),
  ) as ModelAttributes<Model<Row>>;
