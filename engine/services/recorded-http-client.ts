import type { ApiRequest, ApiResponse } from '../model/batch.ts';
import { complaint, TerminalError } from '../model/errors.ts';
import type { HttpClient } from '../model/ports.ts';
import type { RecordedExchange, Recording } from '../model/recording.ts';

/** An HTTP client that knows recordings and no network. */
export interface RecordedHttpClient extends HttpClient {
  /** Exchanges that nobody has asked for, but for those that the recorder has made up. */
  unasked(): readonly RecordedExchange[];
}

interface Answer {
  readonly exchange: RecordedExchange;
  readonly url: URL;
  readonly stream: string;
}

/** What secrets became. A parameter with one is no part of a request. */
const hidden = '***';

/** Answers every request as it was recorded. What was not recorded is refused, naming what comes closest. */
export function recordedHttpClient(recordings: readonly Recording[]): RecordedHttpClient {
  const answers = recordings.flatMap(({ stream, baseUrl, exchanges }) =>
    exchanges.map((exchange): Answer => ({ exchange, stream, url: recordedUrl(exchange, baseUrl) })),
  );
  const byKey = new Map(
    answers.map(({ exchange, url }) => [keyOf(exchange.method, url, exchange.requestBody), exchange]),
  );
  const asked = new Set<RecordedExchange>();
  return {
    send: async (request) => {
      const url = new URL(request.url);
      const found = byKey.get(keyOf(request.method, url, request.body));
      if (found === undefined) throw notRecorded(request, url, answers);
      asked.add(found);
      return responseOf(found);
    },
    unasked: () => answers.map(({ exchange }) => exchange).filter((one) => !one.ending && !asked.has(one)),
    close: async () => {},
  };
}

const recordedUrl = ({ target }: RecordedExchange, baseUrl: string): URL =>
  new URL(/^[/?]/.test(target) ? baseUrl + target : target);

const keyOf = (method: string, url: URL, body = ''): string =>
  JSON.stringify([method, url.origin, url.pathname, parametersOf(url), body]);

const parametersOf = (url: URL): readonly (readonly [string, string])[] =>
  [...url.searchParams].filter(([, value]) => !value.includes(hidden)).sort();

const responseOf = ({ status, headers, body }: RecordedExchange): ApiResponse => ({
  status,
  headers,
  body: Buffer.from(body),
  elapsedMs: 0,
});

function notRecorded(request: ApiRequest, url: URL, answers: readonly Answer[]): TerminalError {
  const asked = `${request.method} ${url.pathname}${url.search}`;
  const [closest] = [...answers].sort((a, b) => distance(url, a.url) - distance(url, b.url));
  const help =
    closest === undefined
      ? ['Nothing is recorded.']
      : [
          `The closest that is recorded: ${closest.exchange.method} ${closest.url.pathname}${closest.url.search} (${closest.exchange.file}).`,
          ...differences(url, closest.url).slice(0, differencesMax),
          `If the stream is meant to ask so, record it again: \`etl record ${closest.stream} --force\`.`,
        ];
  return new TerminalError(complaint('ETL0981', `${asked} was asked for and is not recorded`, ...help));
}

const differencesMax = 5;

/** How far two requests are from each other: another path weighs more than all parameters, one that is missing more than one that differs. */
function distance(asked: URL, recorded: URL): number {
  const names = parameterNames(asked, recorded);
  const missing = names.filter((name) => asked.searchParams.has(name) !== recorded.searchParams.has(name));
  return (
    (asked.origin === recorded.origin ? 0 : 10_000) +
    (asked.pathname === recorded.pathname ? 0 : 1000) +
    differences(asked, recorded).length +
    missing.length
  );
}

const parameterNames = (...urls: readonly URL[]): readonly string[] => [
  ...new Set(urls.flatMap(({ searchParams }) => [...searchParams.keys()])),
];

function differences(asked: URL, recorded: URL): readonly string[] {
  const path = asked.pathname === recorded.pathname ? [] : [`Its path is ${recorded.pathname}.`];
  const parameters = parameterNames(asked, recorded).flatMap((name) => {
    const [now, then] = [asked.searchParams.get(name), recorded.searchParams.get(name)];
    if (now === then || now?.includes(hidden) || then?.includes(hidden)) return [];
    return [`\`${name}\`: asked ${now ?? 'nothing'}, recorded ${then ?? 'nothing'}.`];
  });
  return [...path, ...parameters];
}
