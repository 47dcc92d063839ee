/** A kind of failure: what it is called, and what Snowflake's codes of it are. */
export interface FailureKind {
  readonly name: string;
  readonly transient?: true;
  readonly codes: readonly string[];
  readonly summary: string;
  readonly help: readonly string[];
}

export const resumes = 'The rows stay staged, and the next run loads them.';
export const rolledBack = 'The transaction was rolled back: the table is as it was.';

export const refusedLogin: FailureKind = {
  name: 'ETL0730',
  // Passwords, key pairs, OAuth tokens and programmatic tokens; 394xxx name what is wrong with a JWT.
  codes: [
    ...['390100', '390101', '390102', '390103', '390106', '390139', '390140', '390144', '390302', '390303'],
    ...['390309', '390318', '390400', '390402', '394300', '394301', '394302', '394303', '394304', '394400'],
  ],
  summary: 'Snowflake refused the login',
  help: [
    'Check `user` and the credential (`password`, `privateKey` with `privateKeyPass`, or `token`) of `warehouse`.',
    'With a key pair, `DESC USER` shows the fingerprint of the public key that Snowflake has, and this machine’s clock must be right; SYSTEM$GET_LOGIN_FAILURE_DETAILS tells an administrator more.',
  ],
};

export const unknownAccount: FailureKind = {
  name: 'ETL0731',
  codes: ['390105', '390189', '390190', '390201', '390422'],
  summary: 'Snowflake does not know the account, or what the login names in it',
  help: [
    'Check `account` (ORGANIZATION-NAME), `host`, `role`, `warehouse` and `database` of `warehouse`, and whether a network policy lets this machine in.',
  ],
};

export const kinds: readonly FailureKind[] = [
  refusedLogin,
  unknownAccount,
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
    codes: ['100090'],
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
export const network: FailureKind = {
  name: 'ETL0738',
  transient: true,
  codes: ['401001', '401002', '401003', '402001', '402002'],
  summary: 'Snowflake cannot be reached, or does not answer',
  help: [
    'It was tried several times. Check the network, a proxy, and https://status.snowflake.com.',
    'A load whose end is not known is recognised by the next run, and not repeated.',
  ],
};
