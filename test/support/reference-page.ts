import {
  keysOf,
  type Schema,
  type SchemaKey,
  type SchemaNode,
  typeText,
  valueText,
} from '../../engine/operations/docs/schema-keys.ts';

const link = (name: string): string => `[${name}](#${name.toLowerCase()})`;
const cell = (text: string): string => text.replaceAll('|', '\\|');

function row({ path, node, isRequired }: SchemaKey): string {
  const notes = [
    ...(isRequired ? ['required'] : []),
    ...(node['x-secret'] === true ? ['secret: a reference'] : []),
    ...(node.default === undefined ? [] : [`default ${valueText(node.default)}`]),
  ];
  const example = node.examples?.[0];
  const shown = example === undefined ? '' : valueText(example);
  return `| \`${path}\` | ${cell(typeText(node, link))} | ${cell(notes.join(', '))} | ${cell(node.description ?? '')} | ${cell(shown)} |`;
}

function section([name, node]: readonly [string, SchemaNode]): string {
  const keys = keysOf(node).map(row);
  const values = node.enum === undefined ? [] : [`One of ${node.enum.map(valueText).join(', ')}.`];
  const table =
    keys.length === 0 ? [] : ['| key | type | | meaning | example |', '|---|---|---|---|---|', ...keys];
  return [`## ${name}`, '', node.description ?? '', '', ...values, ...table].join('\n').trimEnd();
}

/** docs/reference.md, made of schema.json. */
export function referencePage(schema: Schema): string {
  const intro = [
    '<!-- Made from schema.json by `npm run types`. Do not edit. -->',
    '# Every key',
    '',
    'Each file of a project says its `kind`: `project` ([Project](#project)), `source` ([Source](#source)), `mapping`',
    '([Mapping](#mapping)) or `test` ([Test](#test)). Durations are `250ms`, `5m`, `24h`; sizes `512KiB`, `16MiB`; rates `2/s`,',
    '`100/10s`, `5000/day`. `${env:NAME}`, `${env:NAME:-default}` and `${file:PATH}` are filled in when a run needs them, `${var:NAME}`',
    'when the project is read.',
  ].join('\n');
  return `${[intro, ...Object.entries(schema.definitions).map(section)].join('\n\n')}\n`;
}
