import { accountSource } from '../../model/accounts.ts';
import { complaint, TerminalError, TransientError } from '../../model/errors.ts';
import type { ResponseClass } from '../../model/plan.ts';
import type { Exchanged } from './exchange.ts';
import { said } from './freeze.ts';
import { type Sender, streamName } from './sender.ts';

/** Code of a throttle that did not end; it has been waited for long enough. */
export const throttledCode = 'ETL0414';

interface Refusal {
  readonly code: string;
  readonly what: string;
  readonly advice: string;
}

/** Whether the next run may fare better without anybody doing something. */
const passing: ReadonlySet<ResponseClass> = new Set(['lock', 'overload', 'throttle']);

const refusals: { readonly [kind in Exclude<ResponseClass, 'ok'>]: Refusal } = {
  auth: {
    code: 'ETL0404',
    what: 'refused the credentials',
    advice: 'Check the values that `auth` refers to: they may be wrong, expired or revoked.',
  },
  forbidden: {
    code: 'ETL0410',
    what: 'forbade the request',
    advice:
      'The credentials may lack a permission, or the provider has blocked them. It was not tried again.',
  },
  client: {
    code: 'ETL0411',
    what: 'refused the request',
    advice: 'Check the stream’s `request`, `paginate` and `cursor`: trying again would not help.',
  },
  overload: {
    code: 'ETL0413',
    what: 'kept failing',
    advice: 'The provider has trouble; what was read so far is staged, and the next run goes on from there.',
  },
  throttle: {
    code: throttledCode,
    what: 'kept throttling',
    advice: 'Somebody else may use the same quota, or the declared limits are too high.',
  },
  redirect: {
    code: 'ETL0415',
    what: 'redirects elsewhere',
    advice:
      'Requests stay at the source’s own origin, or go where `allowedOrigins` says. If the API moved, change `baseUrl`.',
  },
  lock: {
    code: 'ETL0422',
    what: 'keeps it locked',
    advice: 'Somebody else is working on what the request asks for; the next run tries again.',
  },
  quota: {
    code: 'ETL0423',
    what: 'has no quota left',
    advice:
      'What was read so far is staged, and the next run goes on from there. `patience` of the budget says how long a run may wait.',
  },
  ban: {
    code: 'ETL0424',
    what: 'has banned these credentials',
    advice: 'Nothing more is sent. Find out why, with the provider if need be, before you let it go on.',
  },
};

/** Why a stream stops: the answer, said as a diagnostic. `more` comes before what is advised. */
export function refusal(
  sender: Sender,
  exchanged: Exchanged,
  ...more: readonly string[]
): TerminalError | TransientError {
  const { request, reply, verdict } = exchanged;
  assertRefused(verdict.class);
  const absent = verdict.class === 'client' ? absentField(exchanged) : undefined;
  if (absent !== undefined) return refusedField(sender, exchanged, absent);
  const { code, what, advice } = refusals[verdict.class];
  const { pathname } = new URL(request.url);
  const found = complaint(
    code,
    `${accountSource(sender.source)} ${what}: ${reply.status} on ${request.method} ${pathname}`,
    verdict.class === 'redirect'
      ? `It points to ${reply.header('location') ?? 'nowhere'}.`
      : `It answered: ${said(exchanged, sender.services.references.redact)}`,
    `The stream is ${streamName(sender)}; such an answer counts as \`${verdict.class}\`, unless a rule in \`responses\` says otherwise.`,
    ...more,
    advice,
  );
  return passing.has(verdict.class) ? new TransientError(found) : new TerminalError(found);
}

/** The field that the answer says is not there, as the group of the rule that it matched catches it. */
function absentField({ verdict: { rule }, reply }: Exchanged): string | undefined {
  const pattern = rule?.bodyMatches;
  return pattern === undefined ? undefined : new RegExp(pattern, 'i').exec(reply.text)?.groups?.['field'];
}

function refusedField(sender: Sender, exchanged: Exchanged, name: string): TerminalError {
  const { source, name: stream } = sender.stream;
  return new TerminalError({
    ...complaint(
      'ETL0440',
      `${streamName(sender)} asks for \`${name}\`, which the API does not have`,
      `It answered: ${said(exchanged, sender.services.references.redact)}`,
      `\`etl discover ${source}\` learns what is gone. It is not asked for any more then, and its column stays, with NULL in new rows.`,
      'A field that is there may be hidden from these credentials.',
    ),
    field: { stream: `${source}.${stream}`, name },
  });
}

function assertRefused(kind: ResponseClass): asserts kind is Exclude<ResponseClass, 'ok'> {
  if (kind === 'ok') throw new Error('Assertion failed: a good answer is no refusal');
}
