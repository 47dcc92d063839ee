import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Checked, recordedOutcome, recordedOutcomeText, recordings } from '../engine.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint, RefusedError } from '../model/errors.ts';
import type { Plan } from '../model/plan.ts';
import type { Project } from '../model/project.ts';
import {
  outcomeFile,
  type RecordedExchange,
  type RecordedOutcome,
  type Recording,
} from '../model/recording.ts';
import { compareOutcomes } from '../operations/record/outcomes.ts';
import { type Replay, replayErrors, replayRecordings } from './replay-recordings.ts';
import type { TestResult } from './test-fixtures.ts';

export interface RecordingTests {
  readonly results: readonly TestResult[];
  readonly diagnostics: readonly Diagnostic[];
  /** Files that `--update` has written. */
  readonly written: readonly string[];
}

/** What a project has recorded. @throws RefusedError (exit 3) where one of it cannot be read */
export function projectRecordings(folder: string): readonly Recording[] {
  const found = recordings(folder);
  if (found.bad.length === 0) return found.recordings;
  throw new RefusedError(
    'invalid',
    found.bad.map(({ file, reason }) =>
      complaint(
        'ETL0982',
        `${file} is no recording: ${reason}`,
        'Record the stream again (`etl record SOURCE.STREAM --force`), or remove the folder. docs/testing.md has the format.',
      ),
    ),
  );
}

/** Replays all recordings, and compares what comes of them with what is expected. */
export async function testRecordings(
  checked: Checked & { readonly project: Project },
  plan: Plan,
  recorded: readonly Recording[],
  options: { readonly update: boolean; readonly signal: AbortSignal },
): Promise<RecordingTests> {
  const { known, stale } = knownStreams(plan, recorded);
  if (known.length === 0) return { results: [], diagnostics: stale, written: [] };
  const replay = await replayRecordings(checked, known, options.signal);
  const { folder } = checked.project;
  const written: string[] = [];
  const results = known.map(({ stream }): TestResult => {
    const outcomes = replay.outcomes.filter(({ mapping }) => plan.mappings[mapping]?.stream === bare(stream));
    const cases = outcomes.map((found) => {
      const file = outcomeFile(stream, found.mapping);
      const expected = recordedOutcome(folder, stream, found.mapping);
      const differences = differencesOf(plan, expected, found, file);
      const isWritten = options.update && differences.length > 0 && replayErrors(replay).length === 0;
      if (isWritten) {
        write(join(folder, file), recordedOutcomeText(found));
        written.push(file);
      }
      const left = isWritten ? [] : differences;
      return { name: found.mapping, passed: left.length === 0, differences: left };
    });
    return { test: `recording ${stream}`, cases: [readCase(stream, replay), ...cases] };
  });
  results.push({ test: 'recordings', cases: [stepsCase(known, replay)] });
  return { results, diagnostics: [...stale, ...replay.unasked.map(unaskedFinding)], written };
}

/** Whether a recorded stream came through. What failed is named, and not only that its rows are missing. */
function readCase(stream: string, replay: Replay): TestResult['cases'][number] {
  const errors = replayErrors(replay).filter((error) => isOf(error, stream));
  return { name: 'is read to its end', passed: errors.length === 0, differences: errors.flatMap(errorLines) };
}

/** Whether all else went well: what is mapped, checked and loaded. */
function stepsCase(recorded: readonly Recording[], replay: Replay): TestResult['cases'][number] {
  const errors = replayErrors(replay).filter((error) => !recorded.some(({ stream }) => isOf(error, stream)));
  return {
    name: 'every step succeeds',
    passed: errors.length === 0,
    differences: errors.flatMap(errorLines),
  };
}

const isOf = ({ help }: Diagnostic, stream: string): boolean => help.includes(`In step: extract ${stream}.`);

const errorLines = ({ code, summary, help }: Diagnostic): readonly string[] => [
  `${code}: ${summary}`,
  ...help,
];

function differencesOf(
  plan: Plan,
  expected: RecordedOutcome | undefined,
  found: RecordedOutcome,
  file: string,
): readonly string[] {
  const mapping = plan.mappings[found.mapping];
  if (mapping === undefined) return [];
  if (expected === undefined)
    return [`nothing is expected yet: \`etl test --update\` writes what it found to ${file}`];
  return compareOutcomes(mapping, expected, found);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function knownStreams(
  plan: Plan,
  recorded: readonly Recording[],
): { readonly known: readonly Recording[]; readonly stale: readonly Diagnostic[] } {
  const read = new Set(Object.values(plan.mappings).map(({ stream }) => stream));
  const known = recorded.filter(({ stream }) => read.has(bare(stream)));
  const stale = recorded.filter(({ stream }) => !read.has(bare(stream))).map(staleFinding);
  return { known, stale };
}

/** Without the account. */
const bare = (stream: string): string => stream.split('@')[0] ?? '';

const staleFinding = ({ stream }: Recording): Diagnostic => ({
  ...complaint(
    'ETL0987',
    `recordings/${stream} is not replayed: no mapping reads ${stream}`,
    'Rename the folder and its `stream` if the stream was renamed, or remove it.',
  ),
  severity: 'warning',
});

const unaskedFinding = ({ file, method, target }: RecordedExchange): Diagnostic => ({
  ...complaint(
    'ETL0986',
    `${file} was recorded and not asked for: ${method} ${target}`,
    'The stream pages otherwise than when it was recorded. Record it again, or remove the file.',
  ),
  severity: 'warning',
});
