import { nextHeader } from '../../engine/model/ask.ts';
import type { ApiRequest } from '../../engine/model/batch.ts';
import { complaint, TerminalError } from '../../engine/model/errors.ts';
import type { StreamPlan } from '../../engine/model/plan.ts';
import type { ConnectorPage, ConnectorSession, FetchedPage } from '../../engine/model/ports.ts';

/**
 * Pages of what is no API: each request carries what is asked for as JSON, and each response says in a header with what
 * the next one goes on.
 */
export async function* asked<Fetched extends FetchedPage>(
  stream: StreamPlan,
  { from, resume, fetch }: ConnectorSession<Fetched>,
  to: Omit<ApiRequest, 'body'>,
  firstAsk: (from: string | undefined) => object,
): AsyncIterable<ConnectorPage<Fetched>> {
  let number = resume?.pages ?? 0;
  let request: ApiRequest | undefined = resume?.request ?? { ...to, body: JSON.stringify(firstAsk(from)) };
  while (request !== undefined) {
    number += 1;
    const fetched: Fetched = await fetch(request);
    const next: ApiRequest | undefined = nextOf(request, fetched);
    if (next !== undefined && number >= stream.pagesMax) throw tooManyPages(stream, number);
    yield { request, fetched, number, ...(next && { next }) };
    request = next;
  }
}

function nextOf(request: ApiRequest, { response }: FetchedPage): ApiRequest | undefined {
  const said = response.headers[nextHeader];
  if (said === undefined) return undefined;
  return { ...request, body: JSON.stringify({ ...JSON.parse(request.body ?? '{}'), ...JSON.parse(said) }) };
}

const tooManyPages = ({ source, name, pagesMax }: StreamPlan, number: number): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0406',
      `the listing of ${source}.${name} does not end: at page ${number} a window may have at most ${pagesMax} pages`,
      'The pages read so far are staged; the window stays open.',
      'If the stream really has more pages, raise its `pagesMax`, or `pageRows`.',
    ),
  );
