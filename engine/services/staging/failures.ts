import { complaint, TerminalError, TransientError } from '../../model/errors.ts';
import type { Database } from './database.ts';

/** A staging database serves one environment: its tables of typed rows have no column to tell two apart. */
export const foreignEnvironment = (
  { storage, dialect }: Pick<Database, 'storage' | 'dialect'>,
  theirs: string,
  ours: string,
): Error =>
  new TerminalError(
    complaint(
      'ETL0607',
      `the staging database ${storage} belongs to the environment ${theirs}, not to ${ours}`,
      'Rows of two environments must not meet in one staging database.',
      dialect.setting === 'schema'
        ? `Give ${ours} a schema of its own: \`environments.${ours}.staging.schema\`.`
        : `Give ${ours} a file of its own: \`environments.${ours}.staging.storage\`.`,
    ),
  );

/** Its tables may mean something that this version does not know. */
export const newerSchema = ({ storage, dialect }: Database, migration: string): Error =>
  new TerminalError(
    complaint(
      'ETL0608',
      `the staging database ${storage} was made by a newer version of etl`,
      `It has the migration ${migration}, which this version does not know; nothing was changed.`,
      dialect.setting === 'schema'
        ? 'Use the newer version, or name another schema in `staging.schema`.'
        : 'Use the newer version, or name another file in `staging.storage`.',
    ),
  );

/** A run with another version of the project has prepared the mapping in between. */
export const changedMapping = (mapping: string): Error =>
  new TransientError(
    complaint(
      'ETL0632',
      `another run has changed the mapping ${mapping} since this one began`,
      'What is staged now was made by another version of the project; this run loads nothing of it.',
      'Run again, with the version that is meant.',
    ),
  );
