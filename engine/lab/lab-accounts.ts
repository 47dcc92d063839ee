import { allAccounts, atAccount, defaultAccount } from '../model/accounts.ts';
import type * as config from '../model/config.ts';
import type { Project } from '../model/project.ts';

/**
 * The sources that the lab serves: each account of one is served like a source of its own, `shop@berlin`, with its own
 * credentials, limits and faults.
 */
export const labSources = (project: Pick<Project, 'sources' | 'accounts'>): readonly config.Source[] =>
  allAccounts(project).map(({ account, source }) => ({
    ...source,
    name: atAccount(source.name, account),
    ...(source.budget && { budget: budgetFor(source.budget, account) }),
    ...(source.lab && { lab: { ...source.lab, faults: faultsFor(source.lab, account) } }),
  }));

const budgetFor = ({ domain, limits, ...budget }: config.Budget, account: string): config.Budget => ({
  ...budget,
  ...(domain !== undefined && { domain: named(domain, account) }),
  ...(limits && {
    limits: limits.map(({ key, ...limit }) => ({
      ...limit,
      ...(key && { key: key.map((part) => named(part, account)) }),
    })),
  }),
});

const named = (text: string, account: string): string => text.replaceAll('{account}', () => account);

const faultsFor = ({ faults = [] }: config.SourceLab, account: string): config.LabFault[] =>
  faults.filter((fault) => fault.account?.includes(account) ?? true);

/** The source that the project names, of what the lab serves. */
export const bareSource = ({ name }: Pick<config.Source, 'name'>): string => name.split('@')[0] ?? '';

/** A stream of what the lab serves, as people name it: `shop.orders@berlin`. */
export function labOwner(source: string, stream: string): string {
  const [name = '', account = defaultAccount] = source.split('@');
  return atAccount(`${name}.${stream}`, account);
}

/** Folders below `lab/` where the data of a stream may be: the account's own comes first. */
export function labFolders(owner: string): readonly { readonly folder: string; readonly stream: string }[] {
  const [full = '', account] = owner.split('@');
  const [source = '', stream = ''] = full.split('.');
  const own = account === undefined ? [] : [{ folder: `${source}/${account}`, stream }];
  return [...own, { folder: source, stream }];
}
