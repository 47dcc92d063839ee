import { userInfo } from 'node:os';
import { Errors, Flags } from '@oclif/core';
import type { Checked } from '../engine.ts';
import {
  type Blocker,
  type BlockerChange,
  type BlockerFilter,
  type Blockers,
  blockerKinds,
  blockerStatuses,
} from '../model/blocker.ts';
import type { Project } from '../model/project.ts';
import { chosenBlockers } from '../operations/blockers.ts';
import { changedText } from '../report/blockers-text.ts';
import { exitCodes } from '../report/exit-code.ts';
import { BaseCommand, type CommonFlags, commonFlags, type Outcome } from './base-command.ts';
import { inLab } from './in-lab.ts';
import { databases } from './state.ts';

/** Flags that every command about Blockers understands. */
export const blockersFlags = {
  ...commonFlags,
  lab: Flags.boolean({ description: 'The Blockers of runs in the lab.' }),
};

const filterFlags = {
  mapping: Flags.string({ description: 'Of this mapping.', helpValue: 'NAME' }),
  stream: Flags.string({ description: 'Of this stream.', helpValue: 'SOURCE.STREAM' }),
  account: Flags.string({ description: 'Of this account of a source.', helpValue: 'NAME' }),
  code: Flags.string({ description: 'With this code.', helpValue: 'ETLxxxx' }),
  kind: Flags.option({ description: 'Of this kind.', options: blockerKinds })(),
  owner: Flags.string({ description: 'Of this owner.', helpValue: 'NAME' }),
  record: Flags.string({ description: 'About the record with this primary key.', helpValue: 'KEY' }),
};

/** Flags of the commands that take a status as well; `all` is every one. */
export const listFlags = {
  ...blockersFlags,
  ...filterFlags,
  status: Flags.option({
    description: 'With this status.',
    options: [...blockerStatuses, 'all'] as const,
    default: 'open' as const,
  })(),
};

/** Flags of the commands that change Blockers, one or many. */
export const changeFlags = {
  ...listFlags,
  'all-open': Flags.boolean({ description: 'All that are open.' }),
};

interface FilterFlags {
  readonly mapping?: string | undefined;
  readonly stream?: string | undefined;
  readonly account?: string | undefined;
  readonly code?: string | undefined;
  readonly kind?: Blocker['kind'] | undefined;
  readonly owner?: string | undefined;
  readonly record?: string | undefined;
  readonly status: Blocker['status'] | 'all';
}

const names = ['mapping', 'stream', 'account', 'code', 'kind', 'owner', 'record'] as const;

/** What the flags of a command ask for. */
export function filterOf({ status, ...flags }: FilterFlags): BlockerFilter {
  const given = names.flatMap((name) => (flags[name] === undefined ? [] : [[name, flags[name]] as const]));
  return { ...Object.fromEntries(given), ...(status !== 'all' && { status }) };
}

export type BlockersCommandFlags = CommonFlags & { readonly lab: boolean };
export type ChangeFlags = BlockersCommandFlags & FilterFlags & { readonly 'all-open': boolean };

/** What a command about Blockers works with. */
export interface OpenBlockers extends Checked {
  readonly project: Project;
  readonly blockers: Blockers;
}

/** A command about the Blockers of a project. */
export abstract class BlockersCommand extends BaseCommand {
  /** Opens the staging database for as long as `use` lasts. */
  protected async blockers<T>(
    flags: BlockersCommandFlags,
    use: (open: OpenBlockers) => Promise<T>,
  ): Promise<T> {
    const checked = await this.project(flags);
    const project = flags.lab ? inLab(checked.project) : checked.project;
    const { staging } = await databases(project);
    try {
      await staging.migrate();
      return await use({ ...checked, project, blockers: staging.blockers });
    } finally {
      await staging.close();
    }
  }

  /** The Blockers that ids or flags name. @throws CLIError (exit 64) where neither says which */
  protected chosen(
    blockers: Blockers,
    words: readonly string[],
    flags: ChangeFlags,
  ): Promise<readonly Blocker[]> {
    const { status, ...filter } = filterOf(flags);
    const filtered = Object.keys(filter).length > 0 || flags['all-open'];
    if (words.length > 0 && filtered)
      throw new Errors.CLIError('name Blockers by their ids, or by flags such as --mapping: not both');
    if (words.length > 0) return chosenBlockers(blockers, { ids: words.map(idOf) });
    if (!filtered)
      throw new Errors.CLIError(
        'say which Blockers: their ids, flags such as --mapping orders, or --all-open',
      );
    return chosenBlockers(blockers, { ...filter, ...(status !== undefined && { status }) });
  }

  /** Does the same with all that are chosen. */
  protected async changed(
    flags: ChangeFlags,
    words: readonly string[],
    change: BlockerChange,
  ): Promise<Outcome> {
    return this.blockers(flags, async ({ blockers }) => {
      const chosen = await this.chosen(blockers, words, flags);
      const ids = chosen.map(({ id }) => id);
      await blockers.change(ids, change, actor());
      const result = { event: change.event, count: ids.length, ids };
      const text = changedText(chosen, change, callSuffix(flags));
      return { exitCode: exitCodes.ok, result, diagnostics: [], text };
    });
  }
}

/** An id as it is written: `12` or `#12`. @throws CLIError (exit 64) for anything else */
export function idOf(word: string): number {
  const id = /^#?(\d{1,15})$/.exec(word)?.[1];
  if (id !== undefined) return Number(id);
  throw new Errors.CLIError(`a Blocker has a number, such as 12, not \`${word}\``);
}

/** Who does it, for the audit trail. */
export const actor = (): string => process.env['ETL_USER'] ?? userInfo().username;

/** What further commands need so that they mean the same project and environment. */
export const callSuffix = ({ project, env, lab }: BlockersCommandFlags): string =>
  [
    ...(lab ? [' --lab'] : []),
    ...(env === undefined ? [] : [` --env ${env}`]),
    ...(project === '.' ? [] : [` -p ${project}`]),
  ].join('');
