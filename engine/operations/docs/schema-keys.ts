/** A part of schema.json, as far as it is documented. */
export interface SchemaNode {
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly allOf?: readonly SchemaNode[];
  readonly $ref?: string;
  /** Of a key that may be nothing, too. */
  readonly then?: SchemaNode;
  readonly 'x-secret'?: boolean;
}

export interface Schema {
  readonly definitions: Readonly<Record<string, SchemaNode>>;
}

/** A key of a project's files. */
export interface SchemaKey {
  /** Where it is within its section: `staging.dialect`. */
  readonly path: string;
  readonly node: SchemaNode;
  readonly isRequired: boolean;
}

/** Name of the section that a node stands for, or that has the key that it stands for. */
export const sectionOf = ({ $ref, allOf, then: otherwise }: SchemaNode): string | undefined =>
  ($ref ?? allOf?.[0]?.$ref ?? otherwise?.$ref)?.split('/')[2];

/** Keys of an object; those of objects that have no section of their own follow theirs. */
export function keysOf(node: SchemaNode, prefix = ''): readonly SchemaKey[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => [
    { path: prefix + key, node: child, isRequired: node.required?.includes(key) ?? false },
    ...(sectionOf(child) === undefined ? keysOf(child, `${prefix}${key}.`) : []),
  ]);
}

/** What a key may be; `named` writes the name of a section. */
export function typeText(node: SchemaNode, named: (section: string) => string): string {
  const section = sectionOf(node);
  if (section !== undefined) return named(section);
  if (node.const !== undefined) return valueText(node.const);
  if (node.enum !== undefined) return node.enum.map(valueText).join(', ');
  if (node.items !== undefined) return `list of ${typeText(node.items, named)}`;
  if (node.type === 'object' && typeof node.additionalProperties === 'object')
    return `names to ${typeText(node.additionalProperties, named)}`;
  return [node.type ?? 'any'].flat().join(' or ');
}

/** A value as it would be written, as code. */
export const valueText = (value: unknown): string =>
  `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
