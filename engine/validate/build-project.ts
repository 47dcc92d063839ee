import { type AccountSource, defaultAccount } from '../model/accounts.ts';
import type * as config from '../model/config.ts';
import type { ReferencePlan } from '../model/plan.ts';
import type { Project, ProjectFiles } from '../model/project.ts';
import { type DatabaseSection, isForeign } from './databases.ts';
import type { Entries } from './entries.ts';
import { type ChosenEnvironment, settingsOf } from './environment.ts';
import { type Json, objectAt } from './json.ts';
import type { FoundReference } from './substitute.ts';

/** The defaults that schema.json gives for one section of an environment. */
function schemaDefaults(schema: unknown, section: string): { readonly [key: string]: unknown } {
  const keys = objectAt(schema, 'definitions', 'Environment', 'properties', section, 'properties');
  const entries = Object.entries(keys).map(([key, keyed]) => [key, objectAt(keyed)['default']]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function withLookback(stream: config.Stream, lookback: string | undefined): config.Stream {
  const { cursor } = stream;
  // Only from an instant can a duration be taken.
  const fits = cursor !== undefined && (cursor.type ?? 'timestamp') === 'timestamp';
  return fits && lookback !== undefined ? { ...stream, cursor: { lookback, ...cursor } } : stream;
}

function sourceWithDefaults(source: config.Source, defaults: config.Defaults): config.Source {
  const { lookback, ...inherited } = defaults.stream ?? {};
  const streams = Object.entries(source.streams).map(([name, stream]) => [
    name,
    { ...inherited, ...withLookback(stream, lookback) },
  ]);
  return { ...source, streams: Object.fromEntries(streams) };
}

/** Each source once, and all that have accounts as each of them has it. */
function sourcesOf({ sources }: Entries, defaults: config.Defaults): Pick<Project, 'sources' | 'accounts'> {
  const found = new Map<string, AccountSource[]>();
  for (const { document, config: source } of sources) {
    if (source === undefined) continue;
    const { accounts: _, ...own } = source;
    const account = document.account ?? defaultAccount;
    const baseUrl = own.baseUrl.replaceAll('{account}', () => account);
    const one = { account, source: { ...sourceWithDefaults(own, defaults), baseUrl } };
    found.set(source.name, [...(found.get(source.name) ?? []), one]);
  }
  const named = sources.flatMap(({ document, config: source }) =>
    document.account === undefined || source === undefined ? [] : [source.name],
  );
  return {
    sources: [...found.values()].flatMap(([first]) => first?.source ?? []),
    ...(named.length > 0 && {
      accounts: Object.fromEntries([...found].filter(([name]) => named.includes(name))),
    }),
  };
}

const mappingWithDefaults = (
  mapping: config.Mapping,
  { mapping: defaults = {} }: config.Defaults,
): config.Mapping => {
  const contract = { ...defaults.contract, ...mapping.contract };
  return { ...defaults, ...mapping, ...(Object.keys(contract).length > 0 && { contract }) };
};

function firstOfEach(references: readonly FoundReference[]): readonly ReferencePlan[] {
  const first = new Map<string, ReferencePlan>();
  for (const found of references) if (!first.has(found.reference)) first.set(found.reference, found);
  return [...first.values()];
}

const configs = <Config>(entries: readonly { readonly config?: Config }[]): readonly Config[] =>
  entries.flatMap((entry) => entry.config ?? []);

/** Settings of an environment that need not be there: what it says itself comes before what it extends. */
function optional(
  project: Json,
  chain: readonly string[],
): Pick<Project, 'redis' | 'metrics' | 'alerts' | 'tokenKey' | 'pageKey'> {
  const settings: Record<string, unknown> = {};
  for (const name of chain) {
    const environment = objectAt(project, 'environments', name);
    for (const key of ['redis', 'metrics', 'alerts', 'tokenKey', 'pageKey'])
      if (key in environment) settings[key] = environment[key];
  }
  return settings;
}

/** What an environment requires itself: one that extends it is another one. */
const requiresOf = (environment: config.Environment | undefined): Pick<Project, 'requires'> =>
  environment?.requires === undefined ? {} : { requires: environment.requires };

/** Puts a project together from entries that hold, in the order of their files. */
export function buildProject(
  files: ProjectFiles & Pick<Project, 'connectorFolders'>,
  entries: Entries,
  project: config.Project,
  chosen: ChosenEnvironment,
  references: readonly FoundReference[],
): Project {
  const defaults = project.defaults ?? {};
  const settings = (section: DatabaseSection): object => {
    const declared = settingsOf(objectAt(project), chosen.chain, section);
    const usual = Object.entries(schemaDefaults(files.schema, section));
    return {
      ...Object.fromEntries(usual.filter(([key]) => !isForeign(section, declared, key))),
      ...declared,
    };
  };
  return {
    folder: files.folder,
    name: project.name,
    environment: chosen.name,
    staging: settings('staging'),
    warehouse: settings('warehouse'),
    ...optional(objectAt(project), chosen.chain),
    ...requiresOf(project.environments?.[chosen.name]),
    ...(project.audit && { audit: project.audit }),
    ...(project.plans && { plans: project.plans }),
    ...(project.pii !== undefined && { piiKey: project.pii.key }),
    ...sourcesOf(entries, defaults),
    connectorFolders: files.connectorFolders,
    mappings: configs(entries.mappings).map((mapping) => mappingWithDefaults(mapping, defaults)),
    tests: configs(entries.tests),
    overrides: configs(entries.overrides),
    parity: configs(entries.parity),
    references: firstOfEach(references),
    templates: files.templates,
    ownTemplates: files.ownTemplates,
  };
}
