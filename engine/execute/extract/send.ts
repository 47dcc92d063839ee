import { accountSource } from '../../model/accounts.ts';
import type { ApiRequest, ApiResponse } from '../../model/batch.ts';
import { TransientError } from '../../model/errors.ts';
import { durationText } from '../../model/units.ts';
import { isGeneral } from './classify.ts';
import { type Exchanged, exchange } from './exchange.ts';
import { askedMs, freeze, quotaMs, throttledMs } from './freeze.ts';
import { pollDue } from './poll.ts';
import { redirected } from './redirect.ts';
import { refusal, throttledCode } from './refusals.ts';
import type { Sender } from './sender.ts';

const backoffBaseMs = 500;
const backoffMaxMs = 30_000;
const redirectsMax = 5;
/** Throttles in a row after which the stream gives up; each one waited as long as it was told to. */
const throttlesMax = 20;
/** How long nobody asks after several refusals that nobody has explained. */
const forbiddenMs = 60_000;

/** How far a request has come. */
interface Turn {
  /** In a row. */
  throttles: number;
  redirects: number;
  renewed: boolean;
  /** What the API asked to wait before the next attempt. */
  leastMs: number;
}

/**
 * Sends a request until `accept` takes its response: a permit before each sending, the credentials on it, retries with
 * full jitter for what may pass, as long as the source's retry budget lasts. Waiting for a permit, also after a
 * throttle, is not an attempt.
 * @throws TerminalError for what a person must decide; TransientError when attempts or retries are used up.
 */
export async function send<T>(
  sender: Sender,
  request: ApiRequest,
  accept: (response: ApiResponse) => Promise<T>,
): Promise<T> {
  const turn: Turn = { throttles: 0, redirects: 0, renewed: false, leastMs: 0 };
  for (let failures = 1; ; failures += 1) {
    turn.redirects = 0;
    turn.leastMs = 0;
    try {
      const accepted = await accept(await answer(sender, request, turn));
      sender.services.channels.of(sender.source).retries.earn();
      return accepted;
    } catch (error) {
      await waitToRetry(sender, error, failures, turn);
    }
  }
}

/** Waits before the next attempt. @throws what was thrown when there is none. */
async function waitToRetry(
  { source, meter, services }: Sender,
  error: unknown,
  failures: number,
  { leastMs }: Turn,
): Promise<void> {
  const passes = error instanceof TransientError && error.diagnostic.code !== throttledCode;
  if (!passes || failures >= source.attemptsMax || leastMs > source.budget.patienceMs) throw error;
  const { retries } = services.channels.of(source);
  if (!retries.spend()) {
    const sentence = retries.usedUp(accountSource(source));
    throw error.said((diagnostic) => ({ ...diagnostic, help: [...diagnostic.help, sentence] }));
  }
  await services.clock.sleep(Math.max(leastMs, backoff(failures, services.random)), services.signal);
  meter.retries += 1;
}

const backoff = (attempt: number, random: () => number): number =>
  random() * Math.min(backoffMaxMs, backoffBaseMs * 2 ** attempt);

/** Sends through throttles, renewed credentials and redirects, up to a good answer. @throws for every other. */
async function answer(sender: Sender, request: ApiRequest, turn: Turn): Promise<ApiResponse> {
  for (let next = request; ; ) {
    await pollDue(sender, next);
    const exchanged = await exchange(sender, next);
    if (exchanged.verdict.class !== 'throttle' && exchanged.verdict.class !== 'quota') turn.throttles = 0;
    if (exchanged.verdict.class === 'ok' || isAnswer(sender, exchanged)) return exchanged.reply.response;
    next = await react(sender, exchanged, turn);
  }
}

/** Whether what otherwise is a refusal is a reply to this request. */
const isAnswer = ({ answers = [] }: Sender, { verdict, reply }: Exchanged): boolean =>
  verdict.class === 'client' && answers.includes(reply.status);

/** What is to be sent after an answer that was not good. @throws when nothing is. */
async function react(sender: Sender, exchanged: Exchanged, turn: Turn): Promise<ApiRequest> {
  switch (exchanged.verdict.class) {
    case 'throttle':
    case 'quota':
      return waitOut(sender, exchanged, turn);
    case 'redirect':
      return follow(sender, exchanged, turn);
    case 'auth':
      return renew(sender, exchanged, turn);
    case 'ban':
      return stopAll(sender, exchanged);
    case 'forbidden':
      return stopStream(sender, exchanged);
    case 'overload':
      await leaveInPeace(sender, exchanged);
      throw refusal(sender, exchanged);
    case 'lock':
      turn.leastMs = throttledMs(exchanged, sender.services.clock.now()) ?? 0;
      throw refusal(sender, exchanged);
    default:
      throw refusal(sender, exchanged);
  }
}

/** Stops what the answer is about for as long as the API says, and then asks again. That is not an attempt. */
async function waitOut(sender: Sender, exchanged: Exchanged, turn: Turn): Promise<ApiRequest> {
  const { source, services } = sender;
  const nowMs = services.clock.now();
  const quota = exchanged.verdict.class === 'quota';
  turn.throttles += 1;
  const wait = quota ? quotaMs(exchanged, nowMs) : throttledMs(exchanged, nowMs);
  const frozenMs = await freeze(sender, exchanged, quota ? 'quota' : 'throttle', wait);
  if (quota && (frozenMs > source.budget.patienceMs || turn.throttles >= throttlesMax))
    throw refusal(
      sender,
      exchanged,
      `The quota is used up until ${new Date(nowMs + frozenMs).toISOString()}, in ${durationText(frozenMs)}.`,
      `\`etl limits explain ${sender.stream.name}\` says what the budget waits for.`,
    );
  if (turn.throttles >= throttlesMax) throw refusal(sender, exchanged);
  sender.meter.retries += 1;
  return exchanged.request;
}

async function follow(sender: Sender, exchanged: Exchanged, turn: Turn): Promise<ApiRequest> {
  turn.redirects += 1;
  const next =
    turn.redirects > redirectsMax ? undefined : redirected(sender, exchanged.request, exchanged.reply);
  if (next === undefined) throw refusal(sender, exchanged);
  return next;
}

/** A token may have been revoked before its time: another one is tried, once. */
async function renew(sender: Sender, exchanged: Exchanged, turn: Turn): Promise<ApiRequest> {
  const { source, services } = sender;
  const { credentials } = services.channels.of(source);
  const renewed = !turn.renewed && (await credentials.renew(exchanged.generation, services.signal));
  if (!renewed) throw refusal(sender, exchanged);
  turn.renewed = true;
  sender.meter.retries += 1;
  return exchanged.request;
}

async function stopAll(sender: Sender, exchanged: Exchanged): Promise<never> {
  const { domain } = sender.source.budget;
  await freeze(sender, exchanged, 'ban', undefined);
  throw refusal(sender, exchanged, `All of ${domain} stands still until \`etl limits thaw ${domain}\`.`);
}

/** Stops the stream; where such refusals heap up, nobody asks for a while. */
async function stopStream(sender: Sender, exchanged: Exchanged): Promise<never> {
  const { source, services } = sender;
  const { forbidden } = services.channels.of(source);
  const heaped = isGeneral(exchanged.verdict) && forbidden.note(services.clock.monotonicUs() / 1000);
  if (!heaped) throw refusal(sender, exchanged);
  await freeze(sender, exchanged, 'forbidden', forbiddenMs);
  throw refusal(
    sender,
    exchanged,
    `It was the third within a minute: all of ${source.budget.domain} waits for ${durationText(forbiddenMs)}.`,
  );
}

/** A provider with trouble often says when to come back; nobody asks before. */
async function leaveInPeace(sender: Sender, exchanged: Exchanged): Promise<void> {
  const asked = askedMs(exchanged, sender.services.clock.now()) ?? exchanged.verdict.rule?.forMs;
  if (asked !== undefined) await freeze(sender, exchanged, 'overload', asked);
}
