import type * as config from './config.ts';

/** The account of a source that names none. */
export const defaultAccount = 'default';

/** What belongs to one account of something, as people write it: `shop@berlin`; of the account `default`, without it. */
export const atAccount = (name: string, account: string): string =>
  account === defaultAccount ? name : `${name}@${account}`;

/** A stream of one account: `shop.orders@berlin`. */
export const accountStream = ({ source, name, account }: StreamOf): string =>
  atAccount(`${source}.${name}`, account);

/** A stream of whichever account, as mappings name it: `shop.orders`. */
export const streamName = ({ source, name }: Omit<StreamOf, 'account'>): string => `${source}.${name}`;

/** `source`, or `source@account`. */
export const accountSource = ({ name, account = defaultAccount }: SourceOf): string =>
  atAccount(name, account);

interface SourceOf {
  readonly name: string;
  readonly account?: string;
}

interface StreamOf {
  readonly source: string;
  readonly name: string;
  readonly account: string;
}

/** A source as one of its accounts has it. */
export interface AccountSource {
  readonly account: string;
  readonly source: config.Source;
}

interface WithAccounts {
  readonly sources: readonly config.Source[];
  readonly accounts?: { readonly [source: string]: readonly AccountSource[] };
}

/** The accounts of a source, each with the source as it has it. */
export const accountsOf = ({ accounts }: WithAccounts, source: config.Source): readonly AccountSource[] =>
  accounts?.[source.name] ?? [{ account: defaultAccount, source }];

/** The accounts of all sources. */
export const allAccounts = (project: WithAccounts): readonly AccountSource[] =>
  project.sources.flatMap((source) => accountsOf(project, source));

/** The accounts of streams that are one but for that; nothing where there is only `default`. */
export const namedAccounts = (
  streams: readonly Pick<StreamOf, 'account'>[],
): { readonly accounts?: readonly string[] } => {
  const accounts = streams.map(({ account }) => account);
  return accounts.every((account) => account === defaultAccount) ? {} : { accounts };
};

/** The streams that these accounts have of one. */
export const ofAccounts = <Stream extends StreamOf>(
  stream: Stream,
  accounts: readonly string[] = [stream.account],
): readonly Stream[] => accounts.map((account) => ({ ...stream, account }));

/** Whether a person means a stream: by its name, which is that of each account, or with its account. */
export const isMeant = (stream: StreamOf, name: string): boolean =>
  name === streamName(stream) || name === `${streamName(stream)}@${stream.account}`;

/** The names by which people can mean these streams. */
export const namesOf = (streams: readonly StreamOf[]): readonly string[] => [
  ...new Set(streams.flatMap((stream) => [streamName(stream), accountStream(stream)])),
];
