import { Errors, Flags } from '@oclif/core';
import { cursorValue } from '../model/batch.ts';
import { complaint, RefusedError } from '../model/errors.ts';
import type { BackfillAsked } from '../model/saved-plan.ts';
import type { OpenStaging } from '../services/staging/staging.ts';

const others = ['select', 'exclude', 'from-ledger'];

/** Of `plan` and `run`. */
export const backfillFlags = {
  backfill: Flags.string({
    description:
      'Read a range of this stream once more, beside the incremental runs: from `--from` up to `--to`, at a share of its limits.',
    helpValue: 'SOURCE.STREAM',
    exclusive: others,
  }),
  from: Flags.string({
    description: 'Where a backfill begins: a value of the cursor. A day begins at midnight UTC.',
    helpValue: 'CURSOR',
    dependsOn: ['backfill'],
  }),
  to: Flags.string({
    description: 'Where it ends, itself left out; without it, where the stream stands now.',
    helpValue: 'CURSOR',
    dependsOn: ['backfill'],
  }),
  share: Flags.string({
    description: 'Share of every limit that a backfill may use.',
    helpValue: 'PERCENT',
    dependsOn: ['backfill'],
    parse: async (text) => shareFlag('--share', text),
  }),
};

/** A share of at most 100 %, not 0. @throws CLIError (exit 64) */
function shareFlag(flag: string, text: string): string {
  const value = /^(\d{1,3}(?:\.\d+)?)%$/.exec(text)?.[1];
  if (value !== undefined && Number(value) > 0 && Number(value) <= 100) return text;
  throw new Errors.CLIError(`${flag} takes a share up to 100% such as 20%, got \`${text}\``);
}

/** A share of any size. @throws CLIError (exit 64) */
export function percentFlag(flag: string, text: string): string {
  if (/^\d+(\.\d+)?%$/.test(text)) return text;
  throw new Errors.CLIError(`${flag} takes a share such as 50%, got \`${text}\``);
}

interface BackfillFlags {
  readonly backfill?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly share?: string | undefined;
}

/** A backfill as the flags say it; its end is looked up where they do not. */
export type BackfillWanted = Omit<BackfillAsked, 'to'> & { readonly to?: string };

/** The backfill that flags ask for. @throws CLIError (exit 64) without a beginning */
export function backfillWanted({ backfill, from, to, share }: BackfillFlags): BackfillWanted | undefined {
  if (backfill === undefined) return undefined;
  if (from === undefined) throw new Errors.CLIError('--backfill needs --from: where the range begins');
  return { stream: backfill, from, ...(to !== undefined && { to }), ...(share !== undefined && { share }) };
}

/** What a project says of a stream, by `source.stream`. */
interface StreamQuestions {
  typeOf(stream: string): 'timestamp' | 'integer' | 'string';
  accountsIn(stream: string): readonly string[];
}

/** Without an end it is where the stream stands, of several accounts where the last of them does. @throws RefusedError (exit 3) when it stands nowhere */
export async function withEnd(
  { to, ...wanted }: BackfillWanted,
  staging: OpenStaging,
  { typeOf, accountsIn }: StreamQuestions,
): Promise<BackfillAsked> {
  if (to !== undefined) return { ...wanted, to };
  const [stream = '', account] = wanted.stream.split('@');
  const accounts = account === undefined ? accountsIn(stream) : [account];
  const isThere = accounts.length > 0 && (await staging.exists());
  const reached = isThere ? await staging.reached(stream, accounts) : undefined;
  if (reached !== undefined) return { ...wanted, to: cursorValue(typeOf(stream), reached) };
  throw new RefusedError('invalid', [
    complaint(
      'ETL0342',
      `the backfill of ${wanted.stream} has no end`,
      'Without `--to` it goes up to where the stream stands, and the stream was not read yet.',
      'Say `--to`, or let `etl run` read it first.',
    ),
  ]);
}
