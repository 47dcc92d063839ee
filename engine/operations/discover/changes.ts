import type * as config from '../../model/config.ts';

type Known = config.CatalogProperty;

/** One difference between what a catalog said of a property and what was found. */
export interface PropertyChange {
  readonly kind:
    | 'added'
    | 'renamed'
    | 'retyped'
    | 'archived'
    | 'restored'
    | 'removed'
    | 'options'
    | 'unit'
    | 'seen';
  readonly property: Known;
  /** What it was, and what it is, in words. */
  readonly text: string;
}

/** How a property has changed; what only its share has, is said by nobody. */
export function changesOf(old: Known | undefined, now: Known): readonly PropertyChange[] {
  if (old === undefined) return [{ kind: 'added', property: now, text: typeOf(now) }];
  const changes: PropertyChange[] = [];
  const add = (kind: PropertyChange['kind'], text: string | undefined): void => {
    if (text !== undefined) changes.push({ kind, property: now, text });
  };
  add('renamed', renaming(old, now));
  add('retyped', differing(typeOf(old), typeOf(now)));
  add('options', optionsText(old, now));
  add('unit', differing(measure(old), measure(now)));
  add('archived', old.archived === undefined && now.removed === undefined ? now.archived : undefined);
  add('removed', old.removed === undefined ? now.removed : undefined);
  add('restored', restoring(old, now));
  return changes;
}

function restoring(old: Known, now: Known): string | undefined {
  const [was, is] = [old.removed ?? old.archived, now.removed ?? now.archived];
  return was !== undefined && is === undefined ? `since ${was} it was not there` : undefined;
}

const differing = (was: string, is: string): string | undefined =>
  was === is ? undefined : `${was} → ${is}`;

const typeOf = ({ type, providerType, separator }: Known): string => {
  const provider = providerType === undefined || providerType === type ? '' : ` (${providerType})`;
  return `${type}${provider}${separator === undefined ? '' : `, several values separated by ${separator}`}`;
};

const measure = ({ unit, currency }: Known): string => unit ?? currency ?? 'no unit';

function renaming(old: Known, now: Known): string | undefined {
  const label = ({ name, label: text = name }: Known): string => text;
  const parts = [differing(old.name, now.name), differing(label(old), label(now))];
  const said = [...new Set(parts.flatMap((part) => part ?? []))];
  return said.length === 0 ? differing(old.path, now.path) : said.join(', ');
}

/** Options in one list; what of them is in the other, too, is not said. */
function optionsText({ options: old = [] }: Known, { options: now = [] }: Known): string | undefined {
  const labels = new Map(old.map(({ value, label }) => [value, label]));
  const added = now.filter(({ value }) => !labels.has(value)).map(({ value }) => `+ ${value}`);
  const kept = new Set(now.map(({ value }) => value));
  const removed = old.filter(({ value }) => !kept.has(value)).map(({ value }) => `− ${value}`);
  const relabelled = now.flatMap(({ value, label }) =>
    labels.has(value) && labels.get(value) !== label
      ? [`${value}: ${labels.get(value) ?? value} → ${label ?? value}`]
      : [],
  );
  const all = [...added, ...removed, ...relabelled];
  if (all.length === 0) return undefined;
  return all.length > 8 ? `${all.slice(0, 8).join(', ')} and ${all.length - 8} more` : all.join(', ');
}
