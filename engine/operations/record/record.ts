import { accountStream } from '../../model/accounts.ts';
import { nextHeader } from '../../model/ask.ts';
import type { ApiRequest } from '../../model/batch.ts';
import { assert, complaint, RefusedError } from '../../model/errors.ts';
import { emptyResponse } from '../../model/path.ts';
import type { StreamPlan } from '../../model/plan.ts';
import {
  type RecordedExchange,
  type Recording,
  type RecordingHead,
  recordingFolder,
} from '../../model/recording.ts';
import { templateParts } from '../../model/request-template.ts';
import type { KeptExchange } from '../../model/state-port.ts';
import { jsonLayout } from './json-layout.ts';

/** A page as it is recorded: after `redact` and `pii`. */
export interface PageToRecord {
  /** Without credentials. */
  readonly request: ApiRequest;
  readonly status: number;
  readonly headers: RecordedExchange['headers'];
  /** JSON. */
  readonly body: string;
  /** The request after it; absent at the end of a listing. */
  readonly next?: ApiRequest;
}

export interface RecordOptions {
  readonly stream: StreamPlan;
  readonly head: Omit<RecordingHead, 'format' | 'stream' | 'baseUrl'>;
  /** Of the source, without secrets. */
  readonly baseUrl: string;
  /** A text without secrets. */
  redact(text: string): string;
}

/** Headers that are recorded: an allow-list, since providers put much into others. */
const headersKept = ['content-type', 'date', 'link', nextHeader];

/** The recording of pages of one window. One that ends before the listing does gets an empty page behind it. */
export function recordingOf(pages: readonly PageToRecord[], options: RecordOptions): Recording {
  const { stream, head, baseUrl, redact } = options;
  const name = accountStream(stream);
  const [first] = pages;
  assert(first, 'a recording has a page');
  const asked = askedBase(first.request, stream) ?? baseUrl;
  const clean = (text: string): string =>
    redact(asked === baseUrl ? text : text.replaceAll(asked, () => baseUrl));
  const fileOf = (at: number): string => `${recordingFolder(name)}/${String(at + 1).padStart(4, '0')}.yml`;
  const targetOf = ({ url }: ApiRequest): string => belowBase(clean(url), baseUrl);
  const exchanges = pages.map(
    ({ request, status, headers, body }, at): RecordedExchange => ({
      file: fileOf(at),
      method: request.method,
      target: targetOf(request),
      ...(request.body !== undefined && { requestBody: clean(request.body) }),
      status,
      headers: keptHeaders(headers, clean),
      body: jsonLayout(body, clean),
    }),
  );
  const last = pages.at(-1);
  if (last?.next !== undefined) {
    // A position keeps the path alone.
    const next = { ...last.next, url: new URL(last.next.url, last.request.url).href };
    exchanges.push(
      ending(
        fileOf(pages.length),
        targetOf(next),
        { ...next, ...(next.body !== undefined && { body: clean(next.body) }) },
        stream,
      ),
    );
  }
  return { format: 1, stream: name, ...head, baseUrl, exchanges };
}

const keptHeaders = (
  headers: RecordedExchange['headers'],
  clean: (text: string) => string,
): RecordedExchange['headers'] =>
  Object.fromEntries(
    headersKept.flatMap((name) => {
      const value = headers[name];
      return value === undefined ? [] : [[name, clean(value)]];
    }),
  );

/** Below what the first request of a window was sent: the lab is another place than the API. */
function askedBase({ url }: ApiRequest, { request }: StreamPlan): string | undefined {
  const { protocol, host, pathname } = new URL(url);
  const parts = templateParts(request.path).map((part, at) => (at % 2 === 0 ? escaped(part) : '[^/]+'));
  const below = new RegExp(`${parts.join('')}$`).exec(pathname);
  return below === null ? undefined : `${protocol}//${host}${pathname.slice(0, below.index)}`;
}

const escaped = (text: string): string => text.replace(/[.+?^${}()|[\]\\*]/g, '\\$&');

function belowBase(url: string, baseUrl: string): string {
  const below = url.startsWith(baseUrl) ? url.slice(baseUrl.length) : '';
  return /^[/?]/.test(below) ? below : url;
}

const ending = (
  file: string,
  target: string,
  { method, body }: ApiRequest,
  { records }: StreamPlan,
): RecordedExchange => ({
  file,
  method,
  target,
  ...(body !== undefined && { requestBody: body }),
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: jsonLayout(JSON.stringify(emptyResponse(records)), (text) => text),
  ending: true,
});

/**
 * Pages that staging kept, as they would be recorded. A Link header is made of the request that came next. Where a window is
 * still open, its last page is left out: nobody knows what follows it.
 */
export function keptPagesToRecord(
  kept: readonly (KeptExchange & { readonly text: string })[],
  pagesMax: number,
  stream: StreamPlan,
): readonly PageToRecord[] {
  const known = kept.filter(({ isLast }, at) => isLast || kept[at + 1] !== undefined).slice(0, pagesMax);
  return known.map(({ request, status, text, stagedAt }, at) => {
    const next = known[at]?.isLast ? undefined : kept[at + 1]?.request;
    const headers = {
      'content-type': 'application/json',
      date: new Date(stagedAt).toUTCString(),
      ...(next && leadingTo(next, stream)),
    };
    return { request, status, headers, body: text, ...(next && { next }) };
  });
}

/** The header that led to a request, where it was one. */
function leadingTo({ url, body }: ApiRequest, { paginate, asks }: StreamPlan): ApiRequest['headers'] {
  if (asks !== undefined && body !== undefined) return { [nextHeader]: body };
  return paginate.type === 'link_header' ? { link: `<${url}>; rel="${paginate.rel}"` } : {};
}

/** Refuses what still holds a secret: nothing of it is written. */
export function refuseSecrets(texts: ReadonlyMap<string, string>, redact: (text: string) => string): void {
  const found = [...texts].filter(([file, text]) => redact(text) !== text || redact(file) !== file);
  if (found.length === 0) return;
  throw new RefusedError('refused', [
    complaint(
      'ETL0985',
      `nothing was written: the value of a reference would stand in ${found.map(([file]) => file).join(', ')}`,
      'Values of `${env:…}` and `${file:…}` count as secrets. This one is also a part of a name or a format of ours, where it cannot be left out.',
      'If it is no secret, such as a shop’s name, say it in `vars` of etl.yml; if it is one, choose a longer one.',
    ),
  ]);
}
