import { accountStream, accountsOf, defaultAccount, streamName } from '../model/accounts.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { StreamPlan } from '../model/plan.ts';
import type { Project, SourceDocument } from '../model/project.ts';
import type { StateSnapshot } from '../model/snapshot.ts';

/**
 * Sources that have been read for accounts which they no longer name. Where some that they name were not read yet it may be
 * that an account was given another name, and then all of it is read again beside its rows.
 */
export function leftAccounts(
  project: Project,
  { shapes }: StateSnapshot,
  documents: readonly SourceDocument[],
): readonly Diagnostic[] {
  return project.sources.flatMap((source) => {
    const read = accountsRead([...shapes.keys()], source.name);
    const named = accountsOf(project, source).map(({ account }) => account);
    const left = [...read].filter((account) => !named.includes(account));
    if (left.length === 0) return [];
    const isRenamed = !named.every((account) => read.has(account));
    return [finding(source.name, left, isRenamed, documents)];
  });
}

/**
 * Streams of which pages are kept for accounts that their source no longer names: their rows are in the tables, so a mapping
 * that changes is made of their pages as well.
 */
export function leftStreams(
  streams: readonly StreamPlan[],
  { keptPages }: Pick<StateSnapshot, 'keptPages'>,
): readonly StreamPlan[] {
  const named = new Set(streams.map(accountStream));
  const alike = new Map(streams.map((stream) => [streamName(stream), stream]));
  return [...keptPages.keys()].flatMap((key) => {
    const [full = '', account = defaultAccount] = key.split('@');
    const stream = alike.get(full);
    return stream === undefined || named.has(key) ? [] : [{ ...stream, account }];
  });
}

const accountsRead = (streams: readonly string[], source: string): ReadonlySet<string> =>
  new Set(
    streams
      .filter((stream) => stream.startsWith(`${source}.`))
      .map((stream) => stream.split('@')[1] ?? defaultAccount),
  );

function finding(
  source: string,
  left: readonly string[],
  isRenamed: boolean,
  documents: readonly SourceDocument[],
): Diagnostic {
  const document = documents.find(({ value }) => {
    const own = value as { readonly kind?: unknown; readonly name?: unknown } | null;
    return own?.kind === 'source' && own.name === source;
  });
  const place = (document?.nodes.get('/accounts') ?? document?.nodes.get('/name'))?.key;
  const names = left.map((name) => `\`${name}\``).join(', ');
  return {
    code: 'ETL0253',
    severity: 'warning',
    summary: `${source} was read for ${left.length === 1 ? 'the account' : 'the accounts'} ${names}, which it no longer names`,
    ...(place && { place }),
    help: [...(isRenamed ? renamedHelp(left) : []), ...left.map((account) => removedHelp(source, account))],
  };
}

const renamedHelp = (left: readonly string[]): readonly string[] => [
  'Under a new name everything is read again, into rows of its own.',
  left.includes(defaultAccount)
    ? 'A source without `accounts` is the account `default`: name it so (`accounts: {default: {…}}`) to go on with its rows.'
    : 'Give the account its old name again to go on with its rows.',
];

/** What stays of an account that was removed, and what takes it away. */
const removedHelp = (source: string, account: string): string =>
  `Of \`${account}\` stay its rows in the tables (\`_account = '${account}'\`: delete them there), its positions and its open Blockers, which \`etl audit\` and the completeness of the tables go on counting. ` +
  `\`etl blockers waive --stream ${source}.STREAM --account ${account} --reason "…"\` closes those of a stream; \`etl state reset ${source}.STREAM@${account}\`, for each stream, ends this warning.`;
