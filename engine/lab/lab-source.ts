import type { IncomingMessage } from 'node:http';
import type * as config from '../model/config.ts';
import type { Project } from '../model/project.ts';
import { type Guard, guardOf } from './account.ts';
import { type Answer, Refusal, refusalAnswer } from './answer.ts';
import { labError, messageOf } from './complain.ts';
import { type LabStream, openStream } from './lab-stream.ts';
import { type Meter, metersOf } from './meter.ts';
import { labMount } from './reference.ts';

/** What the lab has served of one source. */
export interface LabStats {
  readonly requests: number;
  readonly records: number;
  /** Answers by status code. */
  readonly statuses: { readonly [status: string]: number };
}

/** One source as the lab serves it: an account with its streams. */
export class LabSource {
  readonly name: string;
  /** Path that stands for the base URL. */
  readonly mount: string;
  private readonly guard: Guard;
  private readonly meter: Meter;
  private readonly streams: readonly LabStream[];
  private requests = 0;
  private records = 0;
  private readonly statuses: Record<string, number> = {};

  constructor(source: config.Source, meter: Meter, streams: readonly LabStream[]) {
    this.name = source.name;
    this.mount = new URL(`http://lab${labMount(source)}`).pathname.replace(/\/$/, '');
    this.guard = guardOf(source.auth);
    this.meter = meter;
    this.streams = streams;
  }

  /** Answers a request, whatever is wrong with it. `url` is absolute. */
  answer(request: IncomingMessage, url: URL, nowMs: number): Answer {
    const answer = this.attempt(request, url, nowMs);
    this.requests += 1;
    this.records += answer.records;
    this.statuses[answer.status] = (this.statuses[answer.status] ?? 0) + 1;
    return answer;
  }

  stats(): LabStats {
    return { requests: this.requests, records: this.records, statuses: { ...this.statuses } };
  }

  private attempt(request: IncomingMessage, url: URL, nowMs: number): Answer {
    try {
      this.guard(request.headers, url.searchParams);
      const path = url.pathname.slice(this.mount.length);
      // A provider counts what it knows the sender of, also when the answer is an error.
      this.meter(path, nowMs);
      if (request.method !== 'GET')
        throw new Refusal(405, 'method_not_allowed', 'Only GET is served.', { Allow: 'GET' });
      return this.fromStreams(path, url);
    } catch (thrown) {
      if (thrown instanceof Refusal) return refusalAnswer(thrown);
      return refusalAnswer(new Refusal(500, 'lab_error', `The lab failed: ${messageOf(thrown)}`));
    }
  }

  /** Streams may share a path and differ in their query: the first that takes the request answers it. */
  private fromStreams(path: string, url: URL): Answer {
    const here = this.streams.filter((stream) => stream.path === path);
    const meant = here.filter((stream) => stream.isMeant(url));
    let first: unknown;
    for (const stream of meant.length > 0 ? meant : here) {
      try {
        return stream.answer(url);
      } catch (thrown) {
        first ??= thrown;
      }
    }
    throw first ?? new Refusal(404, 'not_found', `Nothing is served at ${url.pathname}.`);
  }
}

async function openStreams(project: Project, source: config.Source): Promise<readonly LabStream[]> {
  const opened = new Map<string, LabStream>();
  for (const name of Object.keys(source.streams)) {
    const stream = await openStream(project, source, name);
    if (opened.has(stream.distinction)) {
      throw labError(
        'cannotServe',
        `${source.name}.${name} sends the same request as another stream of its source`,
        'The lab could not tell which one is meant: give them different paths or query parameters.',
      );
    }
    opened.set(stream.distinction, stream);
  }
  return [...opened.values()];
}

/** Opens the sources of a project. @throws TerminalError */
export async function openSources(project: Project): Promise<readonly LabSource[]> {
  const meters = metersOf(project.sources);
  const opened: LabSource[] = [];
  for (const [index, source] of project.sources.entries()) {
    opened.push(new LabSource(source, meters[index] as Meter, await openStreams(project, source)));
  }
  return opened;
}
