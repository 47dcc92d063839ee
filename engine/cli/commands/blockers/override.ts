import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Errors, Flags } from '@oclif/core';
import { addOverrides, check } from '../../../engine.ts';
import type { Blocker } from '../../../model/blocker.ts';
import type * as config from '../../../model/config.ts';
import { hasErrors } from '../../../model/diagnostic.ts';
import { complaint, RefusedError } from '../../../model/errors.ts';
import { overrideFor } from '../../../operations/overrides.ts';
import { overriddenText } from '../../../report/blockers-text.ts';
import { exitCodes } from '../../../report/exit-code.ts';
import { systemClock } from '../../../services/clock.ts';
import type { Outcome } from '../../base-command.ts';
import { actor, BlockersCommand, callSuffix, changeFlags } from '../../blockers-command.ts';
import { packageFolder } from '../../package.ts';

type Values = Readonly<Record<string, string | null>>;

export default class BlockersOverride extends BlockersCommand {
  static override readonly summary = 'Set a value of a record by hand, until a date; it is kept in git.';
  static override readonly description =
    'Writes overrides/MAPPING.yml. The value replaces what was received, after `transform` and before it is given its type; when the API sends another value than the one that is blocked, that one is taken. The next run maps the page again, or `etl blockers retry` does it at once.';
  static override readonly usage =
    'blockers override [ID…] --set PROPERTY=VALUE --expires DATE --reason TEXT';
  static override readonly examples = [
    '<%= config.bin %> blockers override 12 --set price=20.22 --expires 2026-12-31 --reason "the shop typed a comma"',
  ];
  static override readonly strict = false;
  static override readonly flags = {
    ...changeFlags,
    set: Flags.string({
      description: 'The value of a property; without a value (`price=`), none. May be given several times.',
      helpValue: 'PROPERTY=VALUE',
      multiple: true,
      multipleNonGreedy: true,
      required: true,
    }),
    expires: Flags.string({
      description: 'The last day on which it is set.',
      helpValue: 'DATE',
      required: true,
    }),
    reason: Flags.string({ description: 'Why, for whoever reviews it.', helpValue: 'TEXT', required: true }),
  };

  protected override async perform(): Promise<Outcome> {
    const { argv, flags } = await this.parse(BlockersOverride);
    const set = valuesOf(flags.set);
    refusePast(flags.expires);
    return this.blockers(flags, async ({ blockers, project, files }) => {
      const chosen = await this.chosen(blockers, argv as string[], flags);
      refuseSteps(chosen);
      const written = [...byMapping(chosen)].map(([mapping, some]) => ({
        mapping,
        file: fileOf(files.documents, mapping),
        overrides: some.map((blocker) => overrideFor(blocker, set, flags)),
      }));
      await writeAll(project.folder, flags.env, written);
      const detail = `${flags.set.join(', ')} until ${flags.expires}: ${flags.reason}`;
      const ids = chosen.map(({ id }) => id);
      await blockers.change(ids, { event: 'overridden', detail }, actor());
      const text = overriddenText(chosen, { written, suffix: callSuffix(flags) });
      const result = { event: 'overridden', count: ids.length, ids, files: written };
      return { exitCode: exitCodes.ok, result, diagnostics: [], text };
    });
  }
}

/** `price=20.22` and the like. @throws CLIError (exit 64) for anything else */
const valuesOf = (words: readonly string[]): Values =>
  Object.fromEntries(
    words.map((word) => {
      const [, name, value] = /^([A-Za-z]\w*)=(.*)$/s.exec(word) ?? [];
      if (name === undefined) throw new Errors.CLIError(`--set takes PROPERTY=VALUE, not \`${word}\``);
      return [name, value === undefined || value === '' ? null : value];
    }),
  );

function refusePast(expires: string): void {
  const end = Date.parse(`${expires}T24:00:00Z`);
  if (!/^\d{4}-\d\d-\d\d$/.test(expires) || Number.isNaN(end))
    throw new Errors.CLIError(`--expires takes a date such as 2026-12-31, not \`${expires}\``);
  if (end <= systemClock.now()) throw new Errors.CLIError(`--expires is past: ${expires}`);
}

/** Only a record has values that can be set. */
function refuseSteps(chosen: readonly Blocker[]): void {
  const others = chosen.filter(({ kind, record }) => kind !== 'record' || record === '');
  if (others.length === 0) return;
  throw new RefusedError('invalid', [
    complaint(
      'ETL0922',
      `Blocker ${others.map(({ id }) => id).join(', ')} is about no record: there is no value to set`,
      'A step that was stopped is mended where its reason says; the next run tries it again.',
    ),
  ]);
}

function byMapping(chosen: readonly Blocker[]): ReadonlyMap<string, readonly Blocker[]> {
  const found = new Map<string, Blocker[]>();
  for (const blocker of chosen) found.set(blocker.mapping, [...(found.get(blocker.mapping) ?? []), blocker]);
  return found;
}

/** The file that holds overrides of a mapping already, or the usual one. */
const fileOf = (
  documents: readonly { readonly file: string; readonly value: unknown }[],
  mapping: string,
): string =>
  documents.find(({ value }) => {
    const own = value as { readonly kind?: unknown; readonly mapping?: unknown } | null;
    return own?.kind === 'overrides' && own.mapping === mapping;
  })?.file ?? `overrides/${mapping}.yml`;

interface Written {
  readonly mapping: string;
  readonly file: string;
  readonly overrides: readonly config.Override[];
}

/** Writes the files, and takes them back when the project is not valid with them. */
async function writeAll(folder: string, env: string | undefined, written: readonly Written[]): Promise<void> {
  const before = written.map(({ file }) => {
    const path = join(folder, file);
    return { path, text: existsSync(path) ? readFileSync(path, 'utf8') : undefined };
  });
  for (const [at, { mapping, overrides }] of written.entries()) {
    const { path = '', text } = before[at] ?? {};
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, addOverrides(text, mapping, overrides));
  }
  const { diagnostics } = await check(resolve(folder), packageFolder, env);
  if (!hasErrors(diagnostics)) return;
  for (const { path, text } of before)
    if (text === undefined) rmSync(path);
    else writeFileSync(path, text);
  throw new RefusedError('invalid', diagnostics);
}
