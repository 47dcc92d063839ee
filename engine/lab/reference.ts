import { atAccount, defaultAccount } from '../model/accounts.ts';
import type * as config from '../model/config.ts';

const reference = /\$\{(?:env|file):[^}]*\}/g;

/**
 * What the lab takes for `${env:NAME}` or `${file:PATH}`: `lab-` and the name, or the file's base name.
 * A default (`${env:NAME:-x}`) is not looked at.
 */
export function labReference(written: string): string {
  const inside = written.replace(/^\$\{(?:env|file):/, '').replace(/\}$/, '');
  const name = written.startsWith('${env:') ? inside.replace(/:-.*$/s, '') : inside.replace(/^.*[/\\]/s, '');
  return `lab-${name}`;
}

/** A text with every reference in it replaced by what the lab takes for it. */
export const labText = (text: string): string => text.replace(reference, labReference);

/** A source, or one account of it. */
type Served = Pick<config.Source, 'name' | 'baseUrl'> & { readonly account?: string };

const nameOf = ({ name, account = defaultAccount }: Pick<Served, 'name' | 'account'>): string =>
  atAccount(name, account);

/**
 * Path of the lab under which it serves a source: its name, then the path of its `baseUrl`.
 * Where a `baseUrl` holds references its path is not known, and the name stands alone.
 */
export function labMount(source: Served): string {
  const path = source.baseUrl.includes('${') ? '' : new URL(source.baseUrl).pathname;
  return `/${nameOf(source)}${path.replace(/\/+$/, '')}`;
}

/** What stands for the source's `baseUrl` when the lab at `labUrl` serves it. */
export const labBaseUrl = (labUrl: string, source: Served): string =>
  labUrl.replace(/\/+$/, '') + labMount(source);

/** Path of the lab's own endpoints. */
export const controlPath = '/_lab';

/** What stands for the `tokenUrl` of a source when the lab at `labUrl` gives its tokens. */
export const labTokenUrl = (labUrl: string, source: Pick<Served, 'name' | 'account'>): string =>
  `${labUrl.replace(/\/+$/, '')}${controlPath}/${nameOf(source)}/token`;
