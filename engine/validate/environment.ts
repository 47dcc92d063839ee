import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import { isJson, type Json, objectAt, textAt } from './json.ts';
import { below, complain, keyPlace, pointerParts, valuePlace } from './places.ts';
import type { Filling, Treatment, Variables } from './substitute.ts';
import { didYouMean, listText } from './suggest.ts';

/** The environment that was asked for, and those that it extends: nearest last. */
export interface ChosenEnvironment {
  readonly name: string;
  readonly chain: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

const environmentsOf = (project: SourceDocument): Json => objectAt(project.value, 'environments');

/** The names from an environment to what it extends; ends with a name met before when they go in circles. */
function chainOf(environments: Json, name: string): readonly string[] {
  const chain = [name];
  for (;;) {
    const next = textAt(environments[chain.at(-1) ?? ''], 'extends');
    if (next === undefined) return chain;
    const again = chain.includes(next);
    chain.push(next);
    if (again || !Object.hasOwn(environments, next)) return chain;
  }
}

function extendsMistake(project: SourceDocument, environments: Json, name: string): Diagnostic | undefined {
  const chain = chainOf(environments, name);
  const next = chain[1];
  if (next === undefined) return undefined;
  const place = valuePlace(project, below('', 'environments', name, 'extends'));
  const names = Object.keys(environments).filter((other) => other !== name);
  if (!names.includes(next) && next !== name) {
    return complain('ETL0116', place, `there is no environment \`${next}\``, {
      label: didYouMean(next, names),
      help: names.length > 0 ? [`environments: ${listText(names)}`] : [],
    });
  }
  if (chain.at(-1) !== name) return undefined;
  return complain('ETL0116', place, `the environment \`${name}\` extends itself`, {
    help: [chain.join(' → ')],
  });
}

/** Each circle is complained about once, at the environment that comes first. */
function extendsMistakes(project: SourceDocument): readonly Diagnostic[] {
  const environments = environmentsOf(project);
  const circled = new Set<string>();
  return Object.keys(environments).flatMap((name) => {
    if (circled.has(name)) return [];
    const found = extendsMistake(project, environments, name);
    if (found?.summary.endsWith('extends itself'))
      for (const other of chainOf(environments, name)) circled.add(other);
    return found ?? [];
  });
}

/** Environments that are required to be compared, and that nobody has declared. */
function requiresMistakes(project: SourceDocument): readonly Diagnostic[] {
  const environments = environmentsOf(project);
  const names = Object.keys(environments);
  return names.flatMap((name) => {
    const required = objectAt(environments, name, 'requires', 'parity');
    return (['from', 'against'] as const).flatMap((key) => {
      const wanted = textAt(required, key);
      if (wanted === undefined || names.includes(wanted) || (key === 'against' && wanted === 'warehouse'))
        return [];
      const place = valuePlace(project, below('', 'environments', name, 'requires', 'parity', key));
      return complain('ETL0116', place, `there is no environment \`${wanted}\``, {
        label: didYouMean(wanted, names),
        help: [`environments: ${listText(names)}`],
      });
    });
  });
}

function unknownEnvironment(project: SourceDocument, name: string, names: readonly string[]): Diagnostic {
  const pointer = '/environments';
  const place = names.length > 0 ? keyPlace(project, pointer) : valuePlace(project, '');
  return complain('ETL0115', place, `there is no environment \`${name}\``, {
    label: didYouMean(name, names),
    help: [
      names.length > 0
        ? `environments: ${listText(names)}`
        : 'the project declares none; leave the option out',
    ],
  });
}

/** Chooses the environment: as asked; otherwise `dev`, the first one, or a built-in `dev`. */
export function chooseEnvironment(project: SourceDocument, asked: string | undefined): ChosenEnvironment {
  const environments = environmentsOf(project);
  const names = Object.keys(environments);
  const usual = names.includes('dev') || names.length === 0 ? 'dev' : (names[0] ?? 'dev');
  const name = asked ?? usual;
  const known = names.includes(name) || (names.length === 0 && name === 'dev');
  const chain = chainOf(environments, name).filter((link, at, all) => all.indexOf(link) === at);
  return {
    name,
    chain: known ? chain.toReversed() : [],
    diagnostics: [
      ...extendsMistakes(project),
      ...requiresMistakes(project),
      ...(known ? [] : [unknownEnvironment(project, name, names)]),
    ],
  };
}

/** The settings of an environment: those it extends first, then its own, key by key. */
export function settingsOf(project: Json, chain: readonly string[], section: string): Json {
  const environments = objectAt(project, 'environments');
  return Object.assign({}, ...chain.map((name) => objectAt(environments, name, section)));
}

function treatmentIn(file: string, chain: readonly string[]): Filling['treatment'] {
  return (other, pointer): Treatment => {
    const [first, name = '', section] = other === file ? pointerParts(pointer) : [];
    if (first === 'vars' || (first === 'environments' && section === 'vars')) return 'definition';
    return first === 'environments' && !chain.includes(name) ? 'leave' : 'fill';
  };
}

const usableIn = (vars: Json): Variables =>
  new Map(
    Object.entries(vars).filter(
      (entry): entry is [string, string | number | boolean] =>
        typeof entry[1] === 'string' || typeof entry[1] === 'number' || typeof entry[1] === 'boolean',
    ),
  );

/** The same for one document: the variables of a source come before those of its environment and project. */
export function fillingFor({ value, account }: SourceDocument, filling: Filling): Filling {
  if (textAt(value, 'kind') !== 'source') return filling;
  return {
    ...filling,
    variables: new Map([...filling.variables, ...usableIn(objectAt(value, 'vars'))]),
    ...(account !== undefined && { account }),
    treatment: (file, pointer) => {
      const [first] = pointerParts(pointer);
      // What an account says is looked at where it extends the source.
      if (account !== undefined && first === 'accounts') return 'leave';
      return first === 'vars' ? 'definition' : filling.treatment(file, pointer);
    },
  };
}

/** How variables are filled in for an environment. Without a project document nobody knows what they are. */
export function fillingOf(project: SourceDocument | undefined, chosen: ChosenEnvironment): Filling {
  const value = objectAt(project?.value);
  const environments = objectAt(value, 'environments');
  const merged = { ...objectAt(value, 'vars'), ...settingsOf(value, chosen.chain, 'vars') };
  return {
    environment: chosen.name,
    variables: usableIn(merged),
    elsewhere: (name) =>
      Object.keys(environments).filter((other) => Object.hasOwn(objectAt(environments, other, 'vars'), name)),
    incomplete: project === undefined || !isJson(project.value) || chosen.chain.length === 0,
    treatment: treatmentIn(project?.file ?? '', chosen.chain),
  };
}
