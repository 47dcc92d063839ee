interface Node {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly allOf?: readonly Node[];
  readonly $ref?: string;
  readonly 'x-secret'?: boolean;
}

const target = (node: Node): string | undefined => {
  const ref = node.$ref ?? node.allOf?.[0]?.$ref;
  return ref?.replace('#/definitions/', '');
};

const link = (name: string): string => `[${name}](#${name.toLowerCase()})`;

function typeText(node: Node): string {
  const name = target(node);
  if (name !== undefined) return link(name);
  if (node.const !== undefined) return code(node.const);
  if (node.enum !== undefined) return node.enum.map(code).join(', ');
  if (node.items !== undefined) return `list of ${typeText(node.items)}`;
  if (node.type === 'object' && typeof node.additionalProperties === 'object')
    return `names to ${typeText(node.additionalProperties)}`;
  return [node.type ?? 'any'].flat().join(' or ');
}

const code = (value: unknown): string => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
const cell = (text: string): string => text.replaceAll('|', '\\|');

function row(path: string, node: Node, required: boolean): string {
  const notes = [
    ...(required ? ['required'] : []),
    ...(node['x-secret'] === true ? ['secret: a reference'] : []),
    ...(node.default === undefined ? [] : [`default ${code(node.default)}`]),
  ];
  const example = node.examples?.[0];
  const shown = example === undefined ? '' : code(example);
  return `| \`${path}\` | ${cell(typeText(node))} | ${cell(notes.join(', '))} | ${cell(node.description ?? '')} | ${cell(shown)} |`;
}

/** Rows of an object's keys; the keys of objects that have no name of their own follow theirs. */
function rows(node: Node, prefix = ''): readonly string[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => [
    row(prefix + key, child, node.required?.includes(key) ?? false),
    ...(target(child) === undefined ? rows(child, `${prefix}${key}.`) : []),
  ]);
}

function section([name, node]: readonly [string, Node]): string {
  const keys = rows(node);
  const values = node.enum === undefined ? [] : [`One of ${node.enum.map(code).join(', ')}.`];
  const table =
    keys.length === 0 ? [] : ['| key | type | | meaning | example |', '|---|---|---|---|---|', ...keys];
  return [`## ${name}`, '', node.description ?? '', '', ...values, ...table].join('\n').trimEnd();
}

/** docs/reference.md, made of schema.json. */
export function referencePage(schema: { readonly definitions: Readonly<Record<string, Node>> }): string {
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
