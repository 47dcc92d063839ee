import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordingFiles, recordings } from '../engine.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';
import type { PersonPlace, StreamEraser } from '../model/forget.ts';
import { recordingFolder } from '../model/recording.ts';
import {
  type ErasedRecordings,
  fixturesAbout,
  linesNaming,
  type RecordedFile,
  withoutRecorded,
} from '../operations/forget-recordings.ts';
import { filesBelow } from './files-below.ts';
import type { PlannedProject } from './planned.ts';

/** What the folder of a project, which people commit, says of one person. */
export interface FoundInFiles {
  readonly recordings: readonly RecordedFile[];
  /** What was expected of these recordings: it is removed with the person. */
  readonly expected: readonly string[];
  /** Where files that people write say something of the person. */
  readonly places: readonly PersonPlace[];
  readonly notSearched: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

type Work = Pick<PlannedProject, 'project' | 'plan' | 'documents'>;

/** Searches recordings and the files of the project. Nothing is changed. */
export function findInFiles(work: Work, erasers: readonly StreamEraser[]): FoundInFiles {
  return searched(work, erasers).found;
}

/** Takes the person out of recordings, and what is expected of these away. Gives what was done, and what is left to do. */
export function forgetInFiles(work: Work, erasers: readonly StreamEraser[]): FoundInFiles {
  const { erased, found } = searched(work, erasers);
  const { folder } = work.project;
  // The recordings last: as long as one of them has the person, the same command does this again.
  for (const file of found.expected) rmSync(join(folder, file), { force: true });
  for (const recording of erased.recordings)
    for (const [file, text] of recordingFiles(recording))
      if (recording.exchanges.some((one) => one.file === file)) write(join(folder, file), text);
  return found;
}

function searched(
  { project: { folder }, plan, documents }: Work,
  erasers: readonly StreamEraser[],
): { readonly erased: ErasedRecordings; readonly found: FoundInFiles } {
  const recorded = recordings(folder);
  const erased = withoutRecorded(erasers, recorded.recordings, randomBytes(16).toString('hex'));
  const expected = erased.recordings.flatMap(({ stream }) =>
    filesBelow(folder, `${recordingFolder(stream)}/expected`),
  );
  const inFixtures = fixturesAbout(erasers, plan, documents);
  const gone = new Set([...expected, ...erased.files.map(({ file }) => file)]);
  const left = [...documents.map(({ file }) => file), ...filesBelow(folder, 'recordings')];
  const after = erased.recordings.flatMap((recording) => [...recordingFiles(recording)]);
  const texts = new Map([
    ...left.filter((file) => !gone.has(file)).map((file) => [file, textOf(folder, file)] as const),
    ...after,
  ]);
  const places = [...inFixtures, ...linesNaming(erasers, texts, inFixtures)];
  return {
    erased,
    found: {
      ...{ recordings: erased.files, expected, notSearched: erased.notSearched },
      places: places.sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1)),
      diagnostics: unreadFindings([...recorded.bad.map(({ file }) => file), ...erased.unread]),
    },
  };
}

const textOf = (folder: string, file: string): string => readFileSync(join(folder, file), 'utf8');

function write(path: string, text: string): void {
  writeFileSync(`${path}.part`, text);
  renameSync(`${path}.part`, path);
}

const unreadFindings = (files: readonly string[]): readonly Diagnostic[] =>
  files.map((file) => ({
    ...complaint(
      'ETL0965',
      `${file} could not be searched`,
      'It is no recording, or no page of its stream as that is declared now.',
      'Record the stream again (`etl record SOURCE.STREAM --force`), or remove the file.',
    ),
    severity: 'warning',
  }));
