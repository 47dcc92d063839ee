import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Checked, check, fixtureFile, keptResponse, map, pageRecords } from '../engine.ts';
import { accountStream } from '../model/accounts.ts';
import type * as config from '../model/config.ts';
import { hasErrors } from '../model/diagnostic.ts';
import { assert, complaint, RefusedError } from '../model/errors.ts';
import type { PageRecords } from '../model/fixture.ts';
import type { Plan, StreamPlan } from '../model/plan.ts';
import type { Project } from '../model/project.ts';
import { caseOf } from '../operations/fixtures.ts';
import { refuseSecrets } from '../operations/record/record.ts';
import { inLab } from './in-lab.ts';
import { mappingsNamed } from './mapping-names.ts';
import { packageFolder } from './package.ts';
import { resolved, secretsOf } from './recording-files.ts';
import { referencesOf } from './references-of.ts';
import { type Databases, databases } from './state.ts';
import { streamOf } from './test-coverage.ts';
import { projectRecordings } from './test-recordings.ts';

export interface CreateFlags {
  readonly mapping: string;
  /** Of the test, and of its file. */
  readonly name: string;
  readonly page: number | undefined;
  /** Primary keys. */
  readonly records: readonly string[];
  readonly limit: number;
  readonly recorded: boolean;
  /** Whether staging is that of the lab. */
  readonly lab: boolean;
  readonly force: boolean;
  readonly env: string | undefined;
}

/** Tokens of values that a page holds in the clear, since a rule is younger: they are made as tests make them. */
const piiKey = 'test';

interface Page extends PageRecords {
  /** For people: `page 12 of shop.orders`. */
  readonly title: string;
}

/**
 * Writes a test of records that staging keeps, or that are recorded, which expects what the mapping makes of them now. Gives
 * the file. @throws RefusedError where there are no such records, or the file is there already
 */
export async function createFixture(
  checked: Checked & { readonly project: Project },
  plan: Plan,
  flags: CreateFlags,
): Promise<{ readonly file: string; readonly cases: number }> {
  const [name = ''] = mappingsNamed(plan, [flags.mapping]);
  const mapping = plan.mappings[name];
  const stream = streamOf(plan, mapping?.stream ?? '');
  assert(mapping && stream, `the plan reads the stream of ${name}`);
  const { project } = checked;
  const file = `tests/${flags.name}.yml`;
  if (existsSync(join(project.folder, file)) && !flags.force) throw thereAlready(file);
  const records = await chosenRecords(project, stream, flags);
  const made = await map(
    plan,
    name,
    records.map(({ record }) => [record]),
  );
  const cases = records.map(({ record, title }, at): config.TestCase => {
    const rows = made[at];
    assert(rows, 'every record was mapped');
    return caseOf(mapping, title, [record], rows);
  });
  const test: config.Test = { kind: 'test', name: flags.name, mapping: name, cases };
  const origin = `Made by \`etl test --create ${name}\`: it expects what the mapping made of these records then.`;
  const text = fixtureFile(test, modelineOf(checked), origin);
  refuseSecrets(new Map([[file, text]]), secretsOf({ project, plan }).redact);
  await writeChecked(project, flags.env, file, text);
  return { file, cases: cases.length };
}

/** Writes a file, and takes it back when the project is not valid with it. */
async function writeChecked(
  { folder }: Project,
  env: string | undefined,
  file: string,
  text: string,
): Promise<void> {
  const path = join(folder, file);
  const before = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  const { diagnostics } = await check(resolve(folder), packageFolder, env);
  if (!hasErrors(diagnostics)) return;
  if (before === undefined) rmSync(path);
  else writeFileSync(path, before);
  throw new RefusedError('invalid', diagnostics);
}

/** Where the other files of the project say that their schema is. */
function modelineOf({ files: { folder, documents } }: Checked): string {
  const beside = documents.find(({ file }) => file.split('/').length === 2);
  const [line = ''] = beside === undefined ? [] : readFileSync(join(folder, beside.file), 'utf8').split('\n');
  return /^# *(?:yaml-language-server|\$schema)/.test(line)
    ? line
    : '# yaml-language-server: $schema=../.etl/schema.json';
}

interface Chosen {
  readonly record: PageRecords['records'][number];
  readonly title: string;
}

async function chosenRecords(
  project: Project,
  stream: StreamPlan,
  flags: CreateFlags,
): Promise<readonly Chosen[]> {
  const found = new Map<string, Chosen>();
  const pages = flags.recorded ? recordedPages(project, stream, flags) : keptPages(project, stream, flags);
  // A later page has the newer version of a record.
  for await (const page of pages)
    for (const [key, one] of wanted(page, flags, found.size)) found.set(key, one);
  const missing = flags.records.filter((key) => !found.has(key));
  if (found.size === 0 || missing.length > 0) throw noRecords(stream, missing, flags.recorded);
  return [...found.values()];
}

/** The records of a page that are named, or the first of them. */
function wanted(
  { records, keys, title }: Page,
  { records: named, limit }: CreateFlags,
  before: number,
): readonly (readonly [string, Chosen])[] {
  const all = records.map((record, at) => {
    const key = keys[at] ?? '';
    return [key, { record, title: `record ${key} of ${title}` }] as const;
  });
  return named.length > 0 ? all.filter(([key]) => named.includes(key)) : all.slice(0, limit - before);
}

async function* recordedPages(
  { folder }: Project,
  stream: StreamPlan,
  { page }: CreateFlags,
): AsyncGenerator<Page> {
  const name = accountStream(stream);
  const found = projectRecordings(folder).find((one) => one.stream === name);
  for (const [at, { body, file }] of (found?.exchanges ?? []).entries())
    if (page === undefined || page === at + 1) yield readPage(stream, Buffer.from(body), file);
}

async function* keptPages(project: Project, stream: StreamPlan, flags: CreateFlags): AsyncGenerator<Page> {
  const home = flags.lab ? inLab(project) : project;
  const opened = await databases(home);
  const references = referencesOf(project.folder, flags.lab);
  const key = home.pageKey === undefined ? undefined : resolved(references, home.pageKey);
  try {
    if (!(await opened.staging.exists())) return;
    for await (const { id, body } of opened.staging.pages(stream, await pagesOf(opened, stream, flags))) {
      const text = keptResponse(body, id, key);
      if (text !== undefined) yield readPage(stream, Buffer.from(text), `page ${id}`);
    }
  } finally {
    await Promise.all([opened.staging.close(), opened.warehouse.close()]);
  }
}

/** The page that is named, or all while single records are looked for, or else the first one of the newest window. */
async function pagesOf(
  { state }: Databases,
  stream: StreamPlan,
  { page, records }: CreateFlags,
): Promise<readonly number[] | undefined> {
  if (page !== undefined) return [page];
  if (records.length > 0) return undefined;
  return (await state.runs.exchanges(stream, 1)).map(({ id }) => id);
}

function readPage(stream: StreamPlan, body: Uint8Array, title: string): Page {
  const page = pageRecords(stream, piiKey, body);
  // A page of an older declaration has no records where they are looked for now.
  return 'transient' in page ? { records: [], keys: [], title } : { ...page, title };
}

const thereAlready = (file: string): RefusedError =>
  new RefusedError('refused', [
    complaint(
      'ETL0988',
      `${file} is there already`,
      'Nothing was written. `--name` gives the test and its file another name; `--force` replaces the file.',
    ),
  ]);

const noRecords = (stream: StreamPlan, missing: readonly string[], recorded: boolean): RefusedError =>
  new RefusedError('invalid', [
    complaint(
      'ETL0989',
      missing.length > 0
        ? `no page of ${accountStream(stream)} has the record ${missing.join(', ')}`
        : `there are no records of ${accountStream(stream)} to make a test of`,
      recorded
        ? `Record the stream first: \`etl record ${accountStream(stream)}\`.`
        : 'Staging keeps no such page. Run `etl run` first, name another `--page`, or take recorded pages: `--recorded`.',
    ),
  ]);
