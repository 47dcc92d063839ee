import { accountStream } from '../../model/accounts.ts';
import { type ApiRequest, type ApiResponse, filesToken, type PageFacts } from '../../model/batch.ts';
import { complaint, TerminalError } from '../../model/errors.ts';
import { pathText } from '../../model/path.ts';
import type { JobStepPlan, Path, StreamPlan } from '../../model/plan.ts';
import { Reply } from './reply.ts';

/** What a reply to a step of a job says; undefined for a reply with records. */
export function saidOfJob(
  stream: StreamPlan,
  { at }: ApiRequest,
  response: ApiResponse,
): PageFacts['tokens'] {
  const { job } = stream;
  const step = at?.job?.step;
  if (job === undefined || step === undefined || step === 'download') return undefined;
  const reply = new Reply(response);
  const plan: JobStepPlan | undefined = job[step];
  const status = step === 'poll' ? textAt(reply, job.poll.status) : undefined;
  // What a job has made is there when it is done.
  const awaited = step !== 'poll' || job.poll.done.includes(status ?? '');
  const take = awaited ? (plan?.take ?? []) : [];
  const files = Math.max(1, ...take.map(({ path }) => reply.bodyValues(path).length));
  const taken = take.map(({ name: value, path }) => {
    const text = textAt(reply, path, isOfEach(path) ? at?.job?.file : 0);
    if (text === undefined) throw untold(accountStream(stream), step, value, pathText(path));
    return [value, text];
  });
  return {
    ...Object.fromEntries(taken),
    ...(status !== undefined && { status }),
    ...(files > 1 && { [filesToken]: String(files) }),
  };
}

/** A path with `[*]` gives a value for each file. */
const isOfEach = ({ segments }: Path): boolean => segments.some((segment) => 'any' in segment);

function textAt(reply: Reply, path: Path, file = 0): string | undefined {
  const value = reply.bodyValues(path)[file];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

const untold = (stream: string, step: string, name: string, path: string): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0430',
      `${stream}: the reply to \`job.${step}\` has no text or number at \`${path}\`, which is \`{job.${name}}\``,
      `Check \`job.${step}.take\` against what the API answers.`,
    ),
  );
