import { type Answer, done, listed, statementTypes } from './answer.ts';
import type { Name, Statement } from './ast.ts';
import { temporaryName } from './catalog.ts';
import { SqlError } from './sql-error.ts';
import { integer, varchar } from './sql-types.ts';
import type { Uploads } from './uploads.ts';
import type { Job } from './world.ts';

type Of<K extends Statement['kind']> = Extract<Statement, { kind: K }>;

/** A stage's name and the path in it, of what is written after `@`. */
export function stageOf(job: Job, reference: string): { name: Name; path: string } {
  const [, written = '', path = ''] =
    /^((?:"[^"]+"|[^"/.]+)(?:\.(?:"[^"]+"|[^"/.]+))*)\/?(.*)$/.exec(reference) ?? [];
  const parts = [...written.matchAll(/"([^"]+)"|([^".]+)/g)].map(
    ([, exact, word]) => exact ?? word?.toUpperCase() ?? '',
  );
  if (parts.length === 0 || parts.some((part) => /^[~%]/.test(part)))
    throw new SqlError(
      '001003',
      '42000',
      `SQL compilation error: the stand-in takes named stages only, not @${reference}`,
    );
  return { name: job.world.access.stage(job.session, parts).name, path };
}

export async function createStage(job: Job, statement: Of<'create stage'>): Promise<Answer> {
  const { world, session } = job;
  const name = session.qualified(statement.name, 'CREATE STAGE');
  world.access.create(session, 'STAGE', name);
  const full = statement.temporary ? temporaryName(session.id, name) : name;
  return job.definition(async () => {
    const before = world.catalog.stages.get(full);
    if (before !== undefined && statement.ifNotExists)
      return done(`${name[2]} already exists, statement succeeded.`);
    if (before !== undefined && !statement.orReplace)
      throw new SqlError(
        '002002',
        '42710',
        `SQL compilation error:\nObject '${name.join('.')}' already exists.`,
      );
    if (before !== undefined) await world.files.remove(full, '');
    world.catalog.stages.set({
      name: full,
      owner: session.role,
      ...(statement.temporary && { session: session.id }),
    });
    return done(`Stage area ${name[2]} successfully created.`);
  });
}

const compressions = ['AUTO_DETECT', 'GZIP', 'BZ2', 'BROTLI', 'ZSTD', 'DEFLATE', 'RAW_DEFLATE', 'NONE'];

/** The client uploads: it is told where to, and how. */
export async function put(job: Job, { file, stage, options }: Of<'put'>, uploads: Uploads): Promise<Answer> {
  const { name, path } = stageOf(job, stage);
  const compression = String(options['SOURCE_COMPRESSION'] ?? 'AUTO_DETECT').toUpperCase();
  if (!compressions.includes(compression))
    throw new SqlError(
      '001003',
      '42000',
      `SQL compilation error: invalid value [${compression}] for parameter 'SOURCE_COMPRESSION'`,
    );
  const { parallel, ...place } = await uploads.place(name, path, Number(options['PARALLEL'] ?? 4));
  return {
    columns: [],
    rows: [],
    statementType: statementTypes.ddl,
    upload: {
      command: 'UPLOAD',
      src_locations: [file],
      parallel,
      autoCompress: options['AUTO_COMPRESS'] !== false,
      overwrite: options['OVERWRITE'] === true,
      sourceCompression: compression.toLowerCase(),
      threshold: 209_715_200,
      queryId: job.queryId,
      ...place,
    },
  };
}

export async function list(job: Job, { stage, pattern }: Of<'list' | 'remove'>): Promise<Answer> {
  const { name, path } = stageOf(job, stage);
  const found = await job.world.files.under(name, path);
  const rows = found
    .filter((one) => pattern === undefined || new RegExp(`^(?:${pattern})$`).test(one.path))
    .map((one) => [displayed(name, one.path), String(one.size), one.md5, one.modified.toUTCString()]);
  const columns = [
    ['name', varchar],
    ['size', integer],
    ['md5', varchar],
    ['last_modified', varchar],
  ] as const;
  return listed(columns, rows, statementTypes.select);
}

export async function remove(job: Job, { stage, pattern }: Of<'list' | 'remove'>): Promise<Answer> {
  const { name, path } = stageOf(job, stage);
  const chosen = pattern === undefined ? undefined : new RegExp(`^(?:${pattern})$`);
  const gone = await job.world.files.remove(name, path, chosen);
  const rows = gone.map((one) => [displayed(name, one), 'removed']);
  return listed(
    [
      ['name', varchar],
      ['result', varchar],
    ],
    rows,
    statementTypes.ddl,
  );
}

/** Snowflake shows the stage's own name in small letters before the path. */
export const displayed = (stage: Name, path: string): string => `${stage[2]?.toLowerCase()}/${path}`;
