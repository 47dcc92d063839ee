import { complaint, ExplainedError, TerminalError, TransientError } from '../../model/errors.ts';
import { messageOf } from '../warehouse/session.ts';

/** What the SDK throws: Snowflake's own codes are texts of six digits, those of the SDK numbers. */
interface SnowflakeFailure {
  readonly code: string;
  readonly message: string;
  readonly queryId?: string;
}

interface Kind {
  readonly name: string;
  readonly transient?: true;
  readonly codes: readonly string[];
  readonly summary: string;
  readonly help: readonly string[];
}

const resumes = 'The rows stay staged, and the next run loads them.';
const rolledBack = 'The transaction was rolled back: the table is as it was.';

const kinds: readonly Kind[] = [
  {
    name: 'ETL0730',
    // Passwords, key pairs, OAuth tokens and programmatic tokens; 394xxx name what is wrong with a JWT.
    codes: [
      ...['390100', '390101', '390102', '390103', '390106', '390139', '390140', '390144', '390302', '390303'],
      ...['390309', '390318', '390400', '390402', '394300', '394301', '394302', '394303', '394304', '394400'],
      ...['404003', '404006', '404008', '404009', '404029', '404050', '404051'],
    ],
    summary: 'Snowflake refused the login',
    help: [
      'Check `user` and the credential (`password`, `privateKey` with `privateKeyPass`, or `token`) of `warehouse`.',
      'With a key pair, `DESC USER` shows the fingerprint of the public key that Snowflake has, and this machine’s clock must be right; SYSTEM$GET_LOGIN_FAILURE_DETAILS tells an administrator more.',
    ],
  },
  {
    name: 'ETL0731',
    codes: ['390105', '390189', '390190', '390201', '390422', '404004', '404005', '404007', '403', '404'],
    summary: 'Snowflake does not know the account, or what the login names in it',
    help: [
      'Check `account` (ORGANIZATION-NAME), `host`, `role`, `warehouse` and `database` of `warehouse`, and whether a network policy lets this machine in.',
    ],
  },
  {
    name: 'ETL0732',
    codes: ['003001', '003041', '003540'],
    summary: 'a grant is missing in Snowflake',
    help: ['docs/snowflake.md has the grants that the role needs, as SQL.', resumes],
  },
  {
    name: 'ETL0733',
    codes: ['002003', '002043', '090105', '090106', '002141'],
    summary: 'Snowflake has no such object, or the role may not see it',
    help: [
      'Check `database` and `schema`, and whether somebody has dropped it. `etl plan` shows what a run would make.',
      resumes,
    ],
  },
  {
    name: 'ETL0734',
    codes: ['000606', '000607', '000608', '000617', '090073', '090058'],
    summary: 'there is no Snowflake warehouse to run on',
    help: [
      'Name one in `warehouse.warehouse`; the role needs USAGE and OPERATE on it. If a resource monitor has suspended it, its quota must be raised or its interval end.',
      resumes,
    ],
  },
  {
    name: 'ETL0735',
    codes: ['100090', '100132'],
    summary: 'several rows of a load have the same key',
    help: [
      rolledBack,
      'The newest version of each row is picked by the mapping’s key, so that Snowflake sees other keys as equal than Sluice: look for a collation of a key column, or for a template of your own.',
    ],
  },
  {
    name: 'ETL0736',
    codes: [
      ...['100035', '100037', '100038', '100039', '100040', '100046', '100051', '100065', '100066', '100067'],
      ...['100069', '100071', '100072', '100074', '100078', '100079', '100080', '100145', '100183', '002023'],
    ],
    summary: 'Snowflake could not store a value',
    help: [
      'Nothing was loaded. The line counts from 1 in the file that is named; the rows stay staged.',
      'If somebody has changed the type or length of a column in the warehouse, change it back; otherwise change the mapping.',
    ],
  },
  {
    name: 'ETL0737',
    transient: true,
    codes: ['000630', '000604', '000625', '000614'],
    summary: 'Snowflake ended a statement',
    help: [
      rolledBack,
      'It took longer than `warehouse.statementTimeout` or a limit of the account allows, waited too long for a lock, or was cancelled by somebody; the query’s profile in Snowsight shows which.',
      resumes,
    ],
  },
  {
    name: 'ETL0739',
    transient: true,
    codes: ['390104', '390110', '390111', '390112', '390114', '401004', '405503', '407002'],
    summary: 'the Snowflake session was lost, again and again',
    help: ['Each time a new session was opened and the work begun again. Nothing is loaded twice.', resumes],
  },
];

/** Network failures of the SDK, and answers that are none. */
const network: Kind = {
  name: 'ETL0738',
  transient: true,
  codes: ['401001', '401002', '401003', '402001', '402002'],
  summary: 'Snowflake cannot be reached, or does not answer',
  help: [
    'It was tried several times. Check the network, a proxy, and https://status.snowflake.com.',
    'A load whose end is not known is recognised by the next run, and not repeated.',
  ],
};

const byCode: ReadonlyMap<string, Kind> = new Map(
  [...kinds, network].flatMap((kind) => kind.codes.map((code) => [code, kind] as const)),
);

/** The failure of the SDK behind an error, wherever it was wrapped. */
function failureIn(error: unknown): SnowflakeFailure | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code, data } = at as { code?: unknown; data?: { queryId?: unknown } };
    const isCode = typeof code === 'number' || (typeof code === 'string' && /^\d{3,6}$/.test(code));
    if (!isCode) continue;
    const queryId = data?.queryId;
    return { code: String(code), message: at.message, ...(typeof queryId === 'string' && { queryId }) };
  }
  return undefined;
}

const lostCodes: ReadonlySet<string> = new Set(kinds.find(({ name }) => name === 'ETL0739')?.codes);

/** Whether the session is gone, so that another may do what this one did not. */
export const isLostSession = (error: unknown): boolean => lostCodes.has(failureIn(error)?.code ?? '');

/** A failure of Snowflake by its name; what is no failure of Snowflake, or has no name of its own, as it is. */
export function explained(error: unknown): unknown {
  if (error instanceof ExplainedError) return error;
  const failure = failureIn(error);
  const kind = failure && byCode.get(failure.code);
  return failure === undefined || kind === undefined ? error : namedFailure(kind, failure, error);
}

/** What is said of work that Ctrl-C has ended. */
export const cancelled = (cause: unknown): TransientError =>
  new TransientError(complaint('ETL0740', 'the work in Snowflake was cancelled', rolledBack, resumes), cause);

/** A failure of Snowflake while a session is opened: what is not known otherwise is a matter of the network. */
export function loginFailure(error: unknown): ExplainedError {
  const failure = failureIn(error) ?? { code: '401001', message: messageOf(error) };
  return namedFailure(byCode.get(failure.code) ?? network, failure, error);
}

function namedFailure(kind: Kind, failure: SnowflakeFailure, cause: unknown): ExplainedError {
  const { code, message, queryId } = failure;
  const query = queryId === undefined ? '' : `, query ${queryId}`;
  const summary = `${kind.summary}: ${said(message)} (Snowflake ${code}${query})`;
  const diagnostic = complaint(kind.name, summary, ...kind.help);
  return kind.transient === true
    ? new TransientError(diagnostic, cause)
    : new TerminalError(diagnostic, cause);
}

/** Snowflake's message without its general first line, with the place in a load file where it names one. */
function said(message: string): string {
  const lines = message.split('\n').map((line) => line.trim());
  const specific = /^SQL (?:compilation|access control|execution) error:?$/.test(lines[0] ?? '')
    ? lines.slice(1)
    : lines;
  const place = /File '([^']*)', line (\d+), character (\d+)/.exec(message);
  const column = /column "?[^"[]*"?\["?([^":\]]+)"?:\d+\]/.exec(message);
  return [
    (specific[0] ?? '').replace(/\.$/, ''),
    ...(place === null
      ? []
      : [`file ${place[1]?.split('/').at(-1)}, line ${place[2]}, character ${place[3]}`]),
    ...(column === null ? [] : [`column ${column[1]}`]),
  ].join(', ');
}
