import type { ApiRequest, ApiResponse } from '../../model/batch.ts';
import { complaint, TerminalError, TransientError } from '../../model/errors.ts';
import type { SourcePlan } from '../../model/plan.ts';
import type { ResponseClass } from './classify.ts';

const excerptMax = 300;

/** What the provider said, in one short line. */
function excerpt({ body }: ApiResponse): readonly string[] {
  const text = Buffer.from(body)
    .toString('utf8', 0, 4 * excerptMax)
    .replace(/\s+/g, ' ')
    .trim();
  return text === ''
    ? []
    : [`It answered: ${text.slice(0, excerptMax)}${text.length > excerptMax ? ' …' : ''}`];
}

/** Code of a throttle that did not end; it has been waited for long enough. */
export const throttledCode = 'ETL0414';

interface Refusal {
  readonly code: string;
  readonly what: string;
  readonly advice: string;
}

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
    advice: 'Requests with credentials stay at the source’s own origin. If the API moved, change `baseUrl`.',
  },
};

/** Why a stream stops: the response, said as a diagnostic. */
export function refusal(
  kind: Exclude<ResponseClass, 'ok'>,
  source: SourcePlan,
  request: ApiRequest,
  response: ApiResponse,
): TerminalError | TransientError {
  const { code, what, advice } = refusals[kind];
  const { pathname } = new URL(request.url);
  const to =
    kind === 'redirect' ? [`It points to ${response.headers['location'] ?? 'nowhere'}.`] : excerpt(response);
  const said = complaint(
    code,
    `${source.name} ${what}: ${response.status} on GET ${pathname}`,
    ...to,
    advice,
  );
  return kind === 'overload' || kind === 'throttle' ? new TransientError(said) : new TerminalError(said);
}
