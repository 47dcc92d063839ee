import {
  DuckDBArrayType,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
} from '@duckdb/node-api';

/**
 * SQL that makes the JSON text of a value, at any depth of it: integers and decimals keep their digits, instants are ISO
 * in UTC, bytes Base64, and a double that is no number is its name.
 */
export const jsonOf = (value: string, type: DuckDBType, depth = 0): string =>
  `coalesce(${nested(value, type, depth) ?? `CAST(to_json(${plain(value, type)}) AS VARCHAR)`}, 'null')`;

export const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** Lists, structs and maps are put together of what is in them. */
function nested(value: string, type: DuckDBType, depth: number): string | undefined {
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType)
    return `'[' || ${joined(value, depth, (item) => jsonOf(item, type.valueType, depth + 1))} || ']'`;
  if (type instanceof DuckDBMapType)
    return `'{' || ${joined(`map_entries(${value})`, depth, (entry) => pair(entry, type, depth))} || '}'`;
  // As it stands: read as JSON it would lose digits. Lines end only between its values.
  if (type.alias === 'JSON') return `translate(CAST(${value} AS VARCHAR), chr(10) || chr(13), '  ')`;
  if (!(type instanceof DuckDBStructType)) return undefined;
  const fields = type.entryNames.map((name, at) => {
    const entry = `struct_extract(${value}, ${text(name)})`;
    return `${text(`${JSON.stringify(name)}:`)} || ${jsonOf(entry, type.entryTypes[at] as DuckDBType, depth)}`;
  });
  return `CASE WHEN ${value} IS NOT NULL THEN '{' || ${fields.join(" || ',' || ")} || '}' END`;
}

function joined(list: string, depth: number, one: (item: string) => string): string {
  const item = `item${depth}`;
  return `array_to_string(list_transform(${list}, lambda ${item}: ${one(item)}), ',')`;
}

/** Names of members are texts. */
const pair = (entry: string, { valueType }: DuckDBMapType, depth: number): string =>
  `CAST(to_json(CAST(${entry}.key AS VARCHAR)) AS VARCHAR) || ':' || ${jsonOf(`${entry}.value`, valueType, depth + 1)}`;

function plain(value: string, { typeId }: DuckDBType): string {
  switch (typeId) {
    case DuckDBTypeId.BLOB:
      return `base64(${value})`;
    case DuckDBTypeId.DOUBLE:
    case DuckDBTypeId.FLOAT:
      return `CASE WHEN isfinite(${value}) THEN to_json(${value}) ELSE to_json(CAST(${value} AS VARCHAR)) END`;
    case DuckDBTypeId.TIMESTAMP_TZ:
      return `replace(CAST(make_timestamp(epoch_us(${value})) AS VARCHAR), ' ', 'T') || 'Z'`;
    case DuckDBTypeId.TIMESTAMP:
    case DuckDBTypeId.TIMESTAMP_NS:
    case DuckDBTypeId.TIMESTAMP_MS:
    case DuckDBTypeId.TIMESTAMP_S:
      return `replace(CAST(${value} AS VARCHAR), ' ', 'T')`;
    default:
      return value;
  }
}
