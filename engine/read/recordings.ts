import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Document, isScalar, parse, Scalar, visit } from 'yaml';
import type {
  BadRecording,
  RecordedExchange,
  RecordedOutcome,
  Recording,
  RecordingHead,
  Recordings,
} from '../model/recording.ts';
import { outcomeFile, recordingFolder } from '../model/recording.ts';

const headFile = 'recording.yml';
const isExchange = (name: string): boolean => /^\d{4,}\.yml$/.test(name);

/** Lines are not folded: a URL stays on its line, and a body is as it was. */
const layout = { lineWidth: 0 } as const;

type Content = { readonly [key: string]: unknown };

/** Every recording of a project, by the name of its stream. A folder that is none is named with the reason. */
export function readRecordings(project: string): Recordings {
  const folder = join(project, 'recordings');
  if (!existsSync(folder)) return { recordings: [], bad: [] };
  const recordings: Recording[] = [];
  const bad: BadRecording[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    if (!entry.isDirectory()) continue;
    const found = readRecording(project, entry.name);
    if ('reason' in found) bad.push(found);
    else recordings.push(found);
  }
  return { recordings, bad };
}

function readRecording(project: string, name: string): Recording | BadRecording {
  const folder = recordingFolder(name);
  const file = `${folder}/${headFile}`;
  const head = readContent(project, file);
  if (typeof head === 'string') return { file, reason: head };
  if (head['format'] !== 1) return { file, reason: 'it says no `format: 1`' };
  if (head['stream'] !== name)
    return { file, reason: `its \`stream\` is not ${name}, as the folder is called` };
  const wrong = ['recordedAt', 'engine', 'from', 'baseUrl'].find((key) => typeof head[key] !== 'string');
  if (wrong !== undefined) return { file, reason: `it has no text for \`${wrong}\`` };
  if (Number.isNaN(Date.parse(String(head['recordedAt']))))
    return { file, reason: '`recordedAt` is no time' };
  const exchanges: RecordedExchange[] = [];
  for (const one of readdirSync(join(project, folder)).filter(isExchange).sort()) {
    const exchange = readExchange(project, `${folder}/${one}`);
    if ('reason' in exchange) return exchange;
    exchanges.push(exchange);
  }
  return { ...(head as unknown as RecordingHead), exchanges };
}

function readExchange(project: string, file: string): RecordedExchange | BadRecording {
  const content = readContent(project, file);
  if (typeof content === 'string') return { file, reason: content };
  const { request, status, headers, body, requestBody, ending } = content;
  const [, method, target] = /^(GET|POST) (\S+)$/.exec(String(request)) ?? [];
  if (method === undefined || target === undefined)
    return { file, reason: 'its `request` is not such as `GET /orders?page=2`' };
  if (typeof status !== 'number' || typeof body !== 'string')
    return { file, reason: 'it lacks `status`, a number, or `body`, a text' };
  return {
    file,
    method: method as RecordedExchange['method'],
    target,
    status,
    headers: (headers ?? {}) as RecordedExchange['headers'],
    body,
    ...(typeof requestBody === 'string' && { requestBody }),
    ...(ending === true && { ending }),
  };
}

/** The keys and values of a YAML file, or why it has none. */
function readContent(project: string, file: string): Content | string {
  try {
    const value: unknown = parse(readFileSync(join(project, file), 'utf8'));
    return typeof value === 'object' && value !== null ? (value as Content) : 'it holds no keys';
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'it is missing' : (message.split('\n')[0] ?? '');
  }
}

/** The files of a recording, by their names. */
export function recordingTexts({ exchanges, ...head }: Recording): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  texts.set(`${recordingFolder(head.stream)}/${headFile}`, headText(head));
  for (const exchange of exchanges) texts.set(exchange.file, exchangeText(exchange));
  return texts;
}

function headText(head: RecordingHead): string {
  const document = new Document(head);
  document.commentBefore = ` Recorded by \`etl record\`; \`etl test\` replays it offline. Make it anew rather than edit it.`;
  return document.toString(layout);
}

function exchangeText({ file: _, method, target, ...rest }: RecordedExchange): string {
  const { requestBody, status, headers, body, ending } = rest;
  const document = new Document({
    request: `${method} ${target}`,
    ...(requestBody !== undefined && { requestBody }),
    status,
    headers,
    ...(ending && { ending }),
    body,
  });
  if (ending)
    document.commentBefore = ' Not received: the recording stops here, and an empty page ends the listing.';
  const text = document.get('body', true);
  if (isScalar(text)) text.type = Scalar.BLOCK_LITERAL;
  return document.toString(layout);
}

/** What is expected of a mapping of a recorded stream; undefined when nothing was written yet. */
export function readOutcome(project: string, stream: string, mapping: string): RecordedOutcome | undefined {
  const content = readContent(project, outcomeFile(stream, mapping));
  return typeof content === 'string' ? undefined : (content as unknown as RecordedOutcome);
}

/** An outcome as a file: a row to a line, so that a difference is a line of a pull request. */
export function outcomeText(outcome: RecordedOutcome): string {
  const document = new Document(outcome);
  document.commentBefore =
    ' What the recording made of this mapping. `etl test` compares it; `etl test --update` writes it anew.';
  visit(document, {
    Map: (_, node, path) => {
      if (path.length > 1) node.flow = true;
    },
  });
  return document.toString(layout);
}
