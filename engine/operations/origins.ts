import { defaultAccount } from '../model/accounts.ts';
import type { ValueOrigin } from '../model/explanation.ts';
import type { GraphNode } from '../model/graph.ts';
import { pathText } from '../model/path.ts';
import type { MappingPlan, Path, PropertyPlan } from '../model/plan.ts';
import type { NodePlaces, SourceDocument } from '../model/project.ts';

type Json = Readonly<Record<string, unknown>>;

const objectIn = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};

/** The file that declares a node; of a source with accounts, as each of those has it that the node is about. */
const documentsOf = (
  { name, kind, account }: GraphNode,
  documents: readonly SourceDocument[],
): readonly SourceDocument[] => {
  const [wanted, declared] = kind === 'mapping' ? ['mapping', name] : ['source', name.split(/[.@]/)[0]];
  const own = documents.filter(
    ({ value }) => objectIn(value)['kind'] === wanted && objectIn(value)['name'] === declared,
  );
  return account === undefined ? own : own.filter((one) => (one.account ?? defaultAccount) === account);
};

const lineOf = (node: NodePlaces | undefined): { readonly at?: string } => {
  const place = node?.key ?? node?.value;
  return place === undefined ? {} : { at: `${place.file}:${place.line}` };
};

/** Where the values of a node come from: its columns, the settings that it leaves to others, and its variables. */
export function originsOf(
  node: GraphNode,
  mapping: MappingPlan | undefined,
  environment: string,
  documents: readonly SourceDocument[],
): readonly ValueOrigin[] {
  const own = documentsOf(node, documents);
  const [document] = own;
  if (document === undefined) return [];
  const project = documents.find(({ value }) => objectIn(value)['kind'] === 'project');
  return [
    ...(mapping?.properties ?? []).map((property) => ({
      name: property.name,
      origin: columnText(property, mapping?.stream ?? ''),
      ...lineOf(document.nodes.get(`/properties/${property.name}`)),
    })),
    ...(mapping === undefined ? [] : inheritedSettings(document, project)),
    ...own.flatMap((one) =>
      variablesIn(one, environment, project).map((value) => ({
        ...value,
        name: own.length === 1 ? value.name : `${value.name} of ${one.account}`,
      })),
    ),
  ];
}

function columnText({ origin, transforms, type }: PropertyPlan, stream: string): string {
  const how = transforms.length === 0 ? '' : `, transformed`;
  const kind = type.name === 'decimal' ? `decimal(${type.precision},${type.scale})` : type.name;
  switch (origin.kind) {
    case 'path':
      return `${origin.text} of ${stream}${before(origin.previously)}${how}, as ${kind}`;
    case 'rest':
      return `all of ${stream} that no property reads, as json`;
    case 'value':
      return `the constant ${JSON.stringify(origin.value)}`;
    case 'template':
      return `a template over ${stream}${how}, as ${kind}`;
    case 'expr':
      return `an expression over ${stream}${how}, as ${kind}`;
  }
}

const before = (paths: readonly Path[] = []): string =>
  paths.length === 0 ? '' : ` (before: ${paths.map(pathText).join(', ')})`;

/** Settings of a mapping that it does not make itself. */
function inheritedSettings(
  document: SourceDocument,
  project: SourceDocument | undefined,
): readonly ValueOrigin[] {
  const defaults = objectIn(objectIn(objectIn(project?.value)['defaults'])['mapping']);
  const own = objectIn(document.value);
  return Object.keys(defaults)
    .filter((key) => !(key in own))
    .map((key) => ({
      name: key,
      origin: `${JSON.stringify(defaults[key])}, a default of the project`,
      ...lineOf(project?.nodes.get(`/defaults/mapping/${key}`)),
    }));
}

function variablesIn(
  document: SourceDocument,
  environment: string,
  project: SourceDocument | undefined,
): readonly ValueOrigin[] {
  const text = JSON.stringify(document.value);
  const names = new Set([...text.matchAll(/\$\{var:([^}]+)\}/g)].map(([, name = '']) => name));
  return [...names].map((name) => ({
    name: `\${var:${name}}`,
    ...(ownVariable(name, document) ?? definitionOf(name, environment, project)),
  }));
}

/** Where a source defines a variable itself, which comes before all others. */
function ownVariable(name: string, document: SourceDocument): Omit<ValueOrigin, 'name'> | undefined {
  const { kind, name: source, vars } = objectIn(document.value);
  const value = objectIn(vars)[name];
  if (kind !== 'source' || value === undefined) return undefined;
  return {
    origin: `${JSON.stringify(value)}, a variable of the source ${source}`,
    ...lineOf(document.nodes.get(`/vars/${name}`)),
  };
}

/** Where an environment, or one that it extends, or the project defines a variable. */
function definitionOf(
  name: string,
  environment: string,
  project: SourceDocument | undefined,
): Omit<ValueOrigin, 'name'> {
  const environments = objectIn(objectIn(project?.value)['environments']);
  const chain: string[] = [];
  for (let at: unknown = environment; typeof at === 'string' && !chain.includes(at); ) {
    chain.push(at);
    at = objectIn(environments[at])['extends'];
  }
  const pointers = [...chain.map((link) => `/environments/${link}/vars/${name}`), `/vars/${name}`];
  const pointer = pointers.find((one) => project?.nodes.has(one));
  if (pointer === undefined) return { origin: 'a variable that nothing here defines' };
  const value = pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((found, key) => objectIn(found)[key], project?.value);
  const whose = pointer.startsWith('/vars/') ? 'the project' : `the environment ${pointer.split('/')[2]}`;
  return {
    origin: `${JSON.stringify(value)}, a variable of ${whose}`,
    ...lineOf(project?.nodes.get(pointer)),
  };
}
