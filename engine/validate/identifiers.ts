import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import { homeSchema } from '../model/warehouse-home.ts';
import type { Entries, Entry } from './entries.ts';
import { type ChosenEnvironment, settingsOf } from './environment.ts';
import { objectAt } from './json.ts';
import { below, complain, keyPlace, placeText, valuePlace } from './places.ts';

type Warehouse = NonNullable<config.WarehouseSettings['type']>;

/** Longest name in bytes; longer ones are cut without a word (PostgreSQL) or refused by a load (Snowflake). */
const bytesMax: { readonly [warehouse in Warehouse]?: number } = { postgres: 63, snowflake: 255 };

/** What stands before the name of a table that rows leave, in the name of the table beside it. */
const besideLength = '_etl_versions_'.length;

interface Name {
  readonly text: string;
  readonly what: string;
  readonly document: SourceDocument;
  readonly pointer: string;
  readonly isKey: boolean;
  /** Bytes that are taken already. */
  readonly taken?: number;
}

/** Names that the warehouse of the environment would cut, refuse, or take for one another. */
export function identifierMistakes(
  { mappings }: Entries,
  project: config.Project | undefined,
  chosen: ChosenEnvironment,
): readonly Diagnostic[] {
  const warehouse: config.WarehouseSettings = settingsOf(objectAt(project), chosen.chain, 'warehouse');
  const type: Warehouse = warehouse.type ?? 'duckdb';
  return [
    ...mappings.flatMap((entry) => namesOf(entry).flatMap((name) => tooLong(name, type))),
    ...schemaTwins(mappings, homeSchema(warehouse)),
  ];
}

function namesOf({ document, config: mapping }: Entry<config.Mapping>): readonly Name[] {
  if (mapping === undefined) return [];
  const { to, load } = mapping;
  const table = to?.table === undefined ? '/name' : '/to/table';
  const leaves = load.children === 'replace' || load.strategy === 'replace' || load.deletes !== undefined;
  return [
    ...Object.keys(mapping.properties).map((text) => ({
      text,
      what: 'column',
      document,
      pointer: below('/properties', text),
      isKey: true,
    })),
    {
      text: to?.table ?? mapping.name,
      what: 'table',
      document,
      pointer: table,
      isKey: false,
      ...(leaves && { taken: besideLength }),
    },
    ...(to?.schema === undefined
      ? []
      : [{ text: to.schema, what: 'schema', document, pointer: '/to/schema', isKey: false }]),
  ];
}

function tooLong(
  { text, what, document, pointer, isKey, taken = 0 }: Name,
  type: Warehouse,
): readonly Diagnostic[] {
  const max = bytesMax[type];
  const bytes = Buffer.byteLength(text);
  if (max === undefined || bytes + taken <= max) return [];
  const beside =
    taken === 0 ? '' : ` of which ${taken} are needed for \`_etl_versions_\`, since rows leave the table`;
  return [
    complain(
      'ETL0255',
      (isKey ? keyPlace : valuePlace)(document, pointer),
      `the name of the ${what} is too long for ${type}`,
      {
        label: `${bytes} bytes; at most ${max - taken}`,
        help: [
          `${type} has names of at most ${max} bytes,${beside === '' ? '' : `${beside},`} and a longer one would not stay as it is.`,
        ],
      },
    ),
  ];
}

/** Schemas that differ only in case: one in some warehouses, and two in others. */
function schemaTwins(mappings: readonly Entry<config.Mapping>[], home: string): readonly Diagnostic[] {
  const first = new Map<string, { readonly name: string; readonly where: string }>();
  first.set(home.toLowerCase(), { name: home, where: 'the warehouse’s own' });
  return mappings.flatMap(({ document, config: mapping }) => {
    const name = mapping?.to?.schema;
    if (name === undefined) return [];
    const place = valuePlace(document, '/to/schema');
    const before = first.get(name.toLowerCase());
    if (before === undefined) first.set(name.toLowerCase(), { name, where: placeText(place) });
    if (before === undefined || before.name === name) return [];
    return complain('ETL0256', place, `the schemas \`${name}\` and \`${before.name}\` differ only in case`, {
      label: `the other is ${before.where}`,
      help: ['Some warehouses take them for one schema, others for two. Write the name in one way.'],
    });
  });
}
