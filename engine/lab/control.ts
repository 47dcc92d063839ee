import type { IncomingMessage } from 'node:http';
import { type Answer, jsonAnswer, Refusal, refusalAnswer } from './answer.ts';
import { readConditions, readFaults } from './control-reader.ts';
import type { LabSource, Reply } from './lab-source.ts';
import type { Moment } from './limits/counter.ts';
import { controlPath } from './reference.ts';
import { readJson, readText } from './request-body.ts';

function stats(sources: readonly LabSource[], method: string): Answer {
  if (method === 'DELETE') for (const source of sources) source.resetStats();
  else if (method !== 'GET') throw notAllowed('GET, DELETE');
  return jsonAnswer(200, Object.fromEntries(sources.map((source) => [source.name, source.stats()])));
}

async function faults(source: LabSource, request: IncomingMessage): Promise<Answer> {
  if (request.method === 'DELETE') source.faults.clear();
  else if (request.method === 'POST') source.faults.add(readFaults(await readJson(request)));
  else throw notAllowed('POST, DELETE');
  return jsonAnswer(200, {});
}

async function conditions(source: LabSource, request: IncomingMessage): Promise<Answer> {
  if (request.method !== 'PATCH') throw notAllowed('PATCH');
  source.conditions.change(readConditions(await readJson(request)));
  return jsonAnswer(200, {});
}

async function token(source: LabSource, request: IncomingMessage, url: URL, at: Moment): Promise<Reply> {
  if (request.method !== 'POST') throw notAllowed('POST');
  const form = new URLSearchParams(await readText(request));
  return source.giveToken(at, (desk) => desk.token(request.headers, form, url.href, at));
}

const notAllowed = (allow: string): Refusal =>
  new Refusal(405, 'method_not_allowed', `Only ${allow} can be asked here.`, { Allow: allow });

/** Whether a path of the lab is one of its own. */
export const isControl = (path: string): boolean => path.startsWith(`${controlPath}/`);

/** Answers what is asked of the lab itself: what it has served, faults, conditions, tokens. */
export async function control(
  sources: readonly LabSource[],
  request: IncomingMessage,
  url: URL,
  at: Moment,
): Promise<Reply> {
  try {
    return await routed(sources, request, url, at);
  } catch (thrown) {
    if (thrown instanceof Refusal) return { answer: refusalAnswer(thrown) };
    throw thrown;
  }
}

async function routed(
  sources: readonly LabSource[],
  request: IncomingMessage,
  url: URL,
  at: Moment,
): Promise<Reply> {
  const [name = '', what] = url.pathname.slice(controlPath.length + 1).split('/');
  if (name === 'stats' && what === undefined) return { answer: stats(sources, request.method ?? '') };
  const source = sources.find((candidate) => candidate.name === name);
  if (source === undefined) throw new Refusal(404, 'not_found', `There is no source ${name}.`);
  switch (what) {
    case undefined:
      return { answer: await conditions(source, request) };
    case 'faults':
      return { answer: await faults(source, request) };
    case 'token':
      return token(source, request, url, at);
    default:
      throw new Refusal(404, 'not_found', `Nothing is served at ${url.pathname}.`);
  }
}
