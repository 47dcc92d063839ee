import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { recordingFiles } from '../engine.ts';
import { accountStream, streamName } from '../model/accounts.ts';
import { complaint, ExplainedError, RefusedError } from '../model/errors.ts';
import type { Plan, StreamPlan } from '../model/plan.ts';
import type { References } from '../model/ports.ts';
import { type Recording, recordingFolder } from '../model/recording.ts';
import { refuseSecrets } from '../operations/record/record.ts';
import { environmentReferences } from '../services/references.ts';
import { streamsNamed } from './mapping-names.ts';
import type { PlannedProject } from './planned.ts';

/** The streams that are named, and all of a source that is. @throws RefusedError (exit 3) when there is none of a name */
export function streamsToRecord(plan: Plan, names: readonly string[]): readonly StreamPlan[] {
  const all = streamsNamed(plan, []).map(streamName);
  const wanted = names.flatMap((name) => {
    const own = all.filter((stream) => stream.startsWith(`${name}.`));
    return own.length > 0 ? own : [name];
  });
  const found = streamsNamed(plan, wanted);
  // Of several accounts the first stands for all, unless another one is named.
  const isOther = (stream: StreamPlan, at: number): boolean =>
    !wanted.includes(`${streamName(stream)}@${stream.account}`) &&
    found.findIndex((one) => streamName(one) === streamName(stream)) !== at;
  return found.filter((stream, at) => !isOther(stream, at));
}

/** A recording is evidence: nothing replaces it by accident. @throws RefusedError (exit 4) */
export function refuseRecorded(folder: string, streams: readonly StreamPlan[], force: boolean): void {
  const taken = streams
    .map((stream) => recordingFolder(accountStream(stream)))
    .filter((one) => existsSync(join(folder, one, 'recording.yml')));
  if (force || taken.length === 0) return;
  throw new RefusedError('refused', [
    complaint(
      'ETL0983',
      `there is a recording already: ${taken.join(', ')}`,
      'Nothing was recorded. `--force` replaces it; what is expected of it stays, for `etl test` to compare.',
    ),
  ]);
}

/** Replaces every value of a reference that the project has, given or not: nothing of the environment is recorded. */
export function secretsOf({ project, plan }: Pick<PlannedProject, 'project' | 'plan'>): References {
  const references = environmentReferences(project.folder, process.env);
  for (const { reference } of plan.references) resolved(references, reference);
  return references;
}

/** Undefined where the reference has no value. */
export function resolved(references: References, text: string): string | undefined {
  try {
    return references.resolve(text);
  } catch (error) {
    if (!(error instanceof ExplainedError)) throw error;
    return undefined;
  }
}

/** Writes recordings in the place of those that there are. @throws RefusedError (exit 4) where a secret would stand in them */
export function writeRecordings(work: PlannedProject, recordings: readonly Recording[]): readonly string[] {
  const { folder } = work.project;
  const texts = new Map(recordings.flatMap((recording) => [...recordingFiles(recording)]));
  refuseSecrets(texts, secretsOf(work).redact);
  for (const { stream } of recordings) removeExchanges(join(folder, recordingFolder(stream)));
  for (const [file, text] of texts) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return [...texts.keys()];
}

function removeExchanges(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) if (name.endsWith('.yml')) rmSync(join(folder, name));
}
