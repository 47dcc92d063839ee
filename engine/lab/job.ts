import type * as config from '../model/config.ts';
import { type JsonValue, wholePlaceholder } from '../model/request-template.ts';
import { jobTemplate } from '../model/stream-request.ts';
import { type Answer, badRequest, jsonAnswer, Refusal } from './answer.ts';
import { type Slot, slotsBody } from './body.ts';
import type { Values } from './match-json.ts';
import {
  distinction,
  isMeant,
  type Received,
  type RequestShape,
  readRequest,
  templateShape,
} from './parameters.ts';

/** The steps of a job before its result: what the lab answers to them. */
export interface LabJob {
  /** The step that a request is for; undefined for one that is for the result. */
  stepAt(received: Pick<Received, 'path'>): Step | undefined;
  isMeant(step: Step, received: Received): boolean;
  /** Whether the values of a request name a job of this stream. */
  isOwn(values: Values): boolean;
  /** Equal for jobs that no request could tell apart. */
  readonly distinction: string;
  /** @param base URL of the source */
  answer(step: Step, received: Received, base: string): Answer;
  /** What the request that created the job has chosen. */
  chosen(values: Values): Values;
  /** Files of a result: several where the job lists their addresses. */
  readonly files: number;
  /** Path of the result, where the job says its address. */
  readonly result?: string;
}

const eachFile = '[*]';
/** Files that a job makes which may make several. */
const filesMade = 2;

/** A value at a path, or one for each file at a path such as `files[*].url`. */
function takenSlot(path: string, value: (file: number) => string): Slot {
  const [list = '', inFile] = path.split(eachFile);
  if (inFile === undefined) return { path, value: value(0) };
  const keys = inFile.split('.').filter((key) => key !== '');
  const within = (file: number): JsonValue =>
    keys.reduceRight<JsonValue>((inner, key) => ({ [key]: inner }), value(file));
  return { path: list, value: Array.from({ length: filesMade }, (_, file) => within(file)) };
}

type Step = 'create' | 'poll' | 'locate';

/** What a job is, in the names that it gives: all that the lab must remember of it. */
const written = (owner: string, values: Values): string =>
  Buffer.from(JSON.stringify([owner, ...values])).toString('base64url');

function readJob(name: string): readonly [string, ...[string, JsonValue][]] | undefined {
  try {
    return JSON.parse(Buffer.from(name, 'base64url').toString()) as [string, ...[string, JsonValue][]];
  } catch {
    return undefined;
  }
}

function chosenBy(owner: string, name: string): Values {
  const [of, ...values] = readJob(name) ?? [];
  if (of !== owner) throw badRequest(`There is no job ${name}.`);
  return new Map(values);
}

/** The job of a stream; undefined where it has none. A job is done when it is asked for the second time. */
export function jobOf(owner: string, { job, request }: config.Stream): LabJob | undefined {
  if (job === undefined) return undefined;
  const declared = { create: job.create, poll: job.poll, ...(job.locate && { locate: job.locate }) };
  const shapes = Object.entries(declared).map(([step, one]): [Step, RequestShape] => [
    step as Step,
    templateShape(jobTemplate(one)),
  ]);
  const asked = new Set<string>();
  const shapeOf = new Map(shapes);
  const result = wholePlaceholder(request.path) === undefined ? undefined : `/lab-result/${owner}`;
  const given = (values: Values): string =>
    String([...values].find(([name]) => name.startsWith('job.'))?.[1] ?? '');
  const isOwn = (values: Values): boolean => readJob(given(values))?.[0] === owner;
  const reply = (step: Step, name: string, base: string): Answer => {
    const status = asked.has(name) ? job.poll.done[0] : 'WAITING';
    if (step === 'poll') asked.add(name);
    const isUrl = (key: string): boolean => request.path === `{job.${key}}`;
    const valueAt = (key: string, file: number): string => {
      if (!isUrl(key)) return name;
      return `${base}${result}?job=${name}${files === 1 ? '' : `&file=${file}`}`;
    };
    const slots = Object.entries(declared[step]?.take ?? {}).map(([key, path]) =>
      takenSlot(path, (file) => valueAt(key, file)),
    );
    const all = step === 'poll' ? [{ path: job.poll.status, value: status ?? '' }, ...slots] : slots;
    return jsonAnswer(200, slotsBody(owner, all));
  };
  const files = Object.values(job.locate?.take ?? {}).some((path) => path.includes(eachFile)) ? filesMade : 1;
  return {
    files,
    stepAt: ({ path }) => shapes.find(([, shape]) => shape.path.test(path))?.[0],
    isMeant: (step, received) => {
      const shape = shapeOf.get(step) as RequestShape;
      return isMeant(shape, received) && (step === 'create' || isOwn(readRequest(shape, received)));
    },
    isOwn,
    distinction: distinction(shapeOf.get('create') as RequestShape),
    answer: (step, received, base) => {
      const shape = shapeOf.get(step) as RequestShape;
      if (received.method !== shape.method)
        throw new Refusal(405, 'method_not_allowed', `Only ${shape.method} is served.`);
      const values = readRequest(shape, received);
      const name = step === 'create' ? written(owner, values) : given(values);
      chosenBy(owner, name);
      return reply(step, name, base);
    },
    chosen: (values) => new Map([...chosenBy(owner, given(values)), ...values]),
    ...(result !== undefined && { result }),
  };
}
