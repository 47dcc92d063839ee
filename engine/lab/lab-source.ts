import type { IncomingMessage, ServerResponse } from 'node:http';
import type * as config from '../model/config.ts';
import { type Guard, guardOf, tokenIn } from './account.ts';
import { type Answer, jsonAnswer, Refusal, refusalAnswer } from './answer.ts';
import type { Slot } from './body.ts';
import { messageOf } from './complain.ts';
import { Conditions } from './conditions.ts';
import type { Dialect, Facts } from './dialects/dialect.ts';
import { dialectOf } from './dialects/dialects.ts';
import { Faults } from './faults.ts';
import type { LabStream } from './lab-stream.ts';
import type { Asked } from './limits/asked.ts';
import type { Moment } from './limits/counter.ts';
import type { Meter, Passage } from './meter.ts';
import type { Received } from './parameters.ts';
import { plainStandings, pollPaths } from './polls.ts';
import { labMount } from './reference.ts';
import { replaced } from './replaced.ts';
import { readJson } from './request-body.ts';
import { costSlots } from './slots.ts';
import { type LabStats, Tally } from './tally.ts';
import { type TokenDesk, tokenDeskOf } from './token-desk.ts';

/** An answer, and what goes wrong while it is sent. */
export interface Reply {
  readonly answer: Answer;
  readonly fault?: config.LabFault | undefined;
}

/** A request as it arrived. */
export interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Absolute. */
  readonly url: URL;
  readonly at: Moment;
}

/** What a request asks for, and of whom. */
interface Asking {
  readonly received: Received;
  readonly streams: readonly LabStream[];
  readonly url: URL;
}

/** A request that was let through. */
interface Admitted extends Asking {
  readonly passage: Passage;
  readonly at: Moment;
}

/** One source as the lab serves it: an account with its streams. */
export class LabSource {
  readonly name: string;
  readonly conditions: Conditions;
  readonly faults: Faults;
  readonly desk: TokenDesk | undefined;
  /** Path that stands for the base URL. */
  private readonly mount: string;
  private readonly auth: config.Auth | undefined;
  private readonly guard: Guard;
  private readonly meter: Meter;
  private readonly dialect: Dialect;
  private readonly polls: ReadonlySet<string>;
  private readonly streams: readonly LabStream[];
  private readonly tally = new Tally();

  constructor(source: config.Source, meter: Meter, streams: readonly LabStream[]) {
    this.name = source.name;
    this.mount = new URL(`http://lab${labMount(source)}`).pathname.replace(/\/$/, '');
    this.desk = tokenDeskOf(source);
    this.auth = source.auth;
    this.guard = guardOf(source.auth, this.desk);
    this.meter = meter;
    this.dialect = dialectOf(source);
    this.polls = pollPaths(source, this.mount);
    this.streams = streams;
    const seed = source.lab?.seed ?? 0;
    this.conditions = new Conditions(source.lab ?? {}, seed, meter.others);
    this.faults = new Faults(seed, source.lab?.faults ?? []);
  }

  /** Whether a path of the lab is this source's. */
  owns(path: string): boolean {
    return path === this.mount || path.startsWith(`${this.mount}/`) || this.polls.has(path);
  }

  /** Answers a request, whatever is wrong with it. */
  async answer(visit: Visit): Promise<Reply> {
    this.tally.arrived(visit.at.steadyMs);
    const reply = await this.attempt(visit).catch(failure);
    this.tally.answered(reply.answer);
    return reply;
  }

  /** Answers a request for a token, or a login: `give` makes the answer. */
  async giveToken(at: Moment, give: (desk: TokenDesk) => Answer): Promise<Reply> {
    if (this.desk === undefined)
      return failure(new Refusal(404, 'not_found', `${this.name} gives no tokens.`));
    const fault = this.faults.strike('token', '', at);
    const instead = fault && replaced(fault, this.dialect, this.facts([], at));
    return instead === undefined ? { answer: give(this.desk), fault } : { answer: instead };
  }

  stats(): LabStats {
    return {
      ...this.tally.counts(),
      limits: this.meter.tallies(),
      faults: this.faults.tally(),
      ...(this.desk && { tokens: this.desk.stats() }),
    };
  }

  /** Begins the stats anew, apart from those of faults and tokens. */
  resetStats(): void {
    this.tally.reset();
    this.meter.resetTallies();
  }

  private async attempt({ request, response, url, at }: Visit): Promise<Reply> {
    const path = url.pathname.slice(this.mount.length);
    const login = this.desk?.loginPath;
    if (login !== undefined && path === login && request.method === 'POST') {
      const body = await readJson(request);
      return this.giveToken(at, (desk) => desk.login(body, at));
    }
    this.guard(request.headers, url.searchParams, at);
    if (this.polls.has(url.pathname)) return { answer: this.polled(at) };
    const { searchParams: query } = url;
    const received = await receive(request, path, query);
    const { method } = received;
    const streams = this.streamsAt(received);
    const asked = { method, path, stream: streams[0]?.name ?? '', query, headers: request.headers };
    const fault = this.faults.strike('streams', asked.stream, at);
    const instead = fault && this.insteadOf(fault, request, asked, at);
    if (instead !== undefined) return { answer: instead };
    // A provider counts what it knows the sender of, also when the answer is an error.
    const passage = await this.meter.pass(asked, at);
    if (passage.excess !== undefined) return { answer: this.refusal(passage, at) };
    if (passage.open) whenClosed(response, () => passage.release());
    return { answer: await this.served({ received, streams, url, passage, at }), fault };
  }

  /** Streams may share a path and differ in what they ask for. What none of them asks for can be meant for any. */
  private streamsAt(received: Received): readonly LabStream[] {
    const here = this.streams.filter((stream) => stream.isAt(received.path));
    if (here.length < 2) return here;
    const meant = here.filter((stream) => stream.isMeant(received));
    return meant.length > 0 ? meant : here;
  }

  private facts(limits: Facts['limits'], { epochMs }: Moment): Facts {
    return { limits, nowMs: epochMs + this.conditions.skewMs };
  }

  private polled(at: Moment): Answer {
    const facts = this.facts(this.meter.standings(at), at);
    return jsonAnswer(200, (this.dialect.poll?.body ?? plainStandings)(facts));
  }

  private insteadOf(
    fault: config.LabFault,
    request: IncomingMessage,
    asked: Asked,
    at: Moment,
  ): Answer | undefined {
    const token = this.auth && tokenIn(this.auth, request.headers);
    if (fault.kind === 'revoke' && token !== undefined) this.desk?.revoke(token);
    return replaced(fault, this.dialect, this.facts(this.meter.standings(at, asked), at));
  }

  private refusal(passage: Passage, at: Moment): Answer {
    const { excess } = passage;
    if (excess === undefined) throw new Error('the request was let through');
    this.tally.refused();
    const { limit, allows, waitMs } = excess;
    const message = `Limit ${limit.id} of ${this.meter.domain} is exceeded: ${allows}.`;
    const facts = this.facts(passage.states(at), at);
    const { status, headers, body } = this.dialect.refuse({ ...facts, by: limit, waitMs, message });
    return jsonAnswer(status, body, headers);
  }

  private async served({ passage, at, ...admitted }: Admitted): Promise<Answer> {
    const costs = passage.settle(at);
    const { headers, slots } = this.dialect;
    const speaks = headers !== undefined || slots !== undefined;
    const facts = this.facts(speaks ? passage.states(at) : [], at);
    if (!speaks && costs.length === 0) return page(admitted, costSlots([]), facts.nowMs);
    const answer = await page(admitted, costSlots(costs, slots?.(facts)), facts.nowMs);
    const inHeaders = costs.flatMap(({ place, cost }) =>
      place.header ? [[place.header, String(cost)]] : [],
    );
    const said = { ...headers?.(facts), ...Object.fromEntries(inHeaders) };
    return { ...answer, headers: { ...answer.headers, ...said } };
  }
}

/** A query with many ids is long. */
const requestBytesMax = 1_048_576;

async function receive(request: IncomingMessage, path: string, query: URLSearchParams): Promise<Received> {
  const { method = 'GET', headers } = request;
  const sends = method === 'POST' && (headers['content-length'] ?? '0') !== '0';
  return { method, path, query, ...(sends && { body: await readJson(request, requestBytesMax) }) };
}

/** The answer of a request that the limits let through, be it an error. */
async function page(
  { received, streams, url }: Asking,
  extra: readonly Slot[],
  nowMs: number,
): Promise<Answer> {
  let first: unknown;
  // The first stream that takes the request answers it; where none does, the first says why.
  for (const stream of streams) {
    try {
      return await stream.answer(received, url, extra, nowMs);
    } catch (thrown) {
      first ??= thrown;
    }
  }
  first ??= new Refusal(404, 'not_found', `Nothing is served at ${url.pathname}.`);
  if (first instanceof Refusal) return refusalAnswer(first);
  throw first;
}

function failure(thrown: unknown): Reply {
  if (thrown instanceof Refusal) return { answer: refusalAnswer(thrown) };
  return { answer: refusalAnswer(new Refusal(500, 'lab_error', `The lab failed: ${messageOf(thrown)}`)) };
}

function whenClosed(response: ServerResponse, release: () => void): void {
  // Who has gone away while the request was on its way gets no answer, and is under way no longer.
  if (response.destroyed) release();
  else response.once('close', release);
}
