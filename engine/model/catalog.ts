import type * as config from './config.ts';
import { describedPaths } from './described-text.ts';
import { pathText } from './path.ts';
import type { PathSegment } from './plan.ts';

/** What a provider describes, or what records show, of one property; the catalog keeps it with a column and dates. */
export type FoundProperty = Omit<
  config.CatalogProperty,
  'column' | 'previously' | 'removed' | 'archived' | 'seen'
> & {
  readonly archived?: boolean;
  /** Share of the sampled records with a value, from 0 to 1. */
  readonly seen?: number;
};

/** What was found of a stream. */
export interface FoundStream {
  readonly stream: string;
  readonly by: config.CatalogStream['by'];
  readonly properties: readonly FoundProperty[];
  /** Types of the provider that `types` does not list. */
  readonly unknownTypes: readonly string[];
}

/** The stream that lists the descriptions of another one's properties. No declared name has the sign. */
export const describeOf = (stream: string): string => `${stream}~describe`;

/** The descriptions as a stream of their own: what lists records lists them. */
export const describedStream = ({ request, records, paginate, id, name }: config.Describe): config.Stream => {
  const named = id ?? name;
  const parts = describedPaths(named);
  return {
    request,
    ...(records !== undefined && { records }),
    ...(paginate !== undefined && { paginate }),
    primaryKey: parts.length > 0 ? parts : [named],
  };
};

/** The text of a path to a key below another path. */
export const pathBelow = (under: readonly PathSegment[], ...keys: readonly string[]): string =>
  pathText({ root: 'record', segments: [...under, ...keys.map((key) => ({ key }))] });

/** The file of a source's catalog. */
export const catalogFile = (source: string): string => `catalogs/${source}.yml`;
