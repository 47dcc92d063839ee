import { Flags } from '@oclif/core';
import type { Plan } from '../model/plan.ts';
import type { Limiter } from '../model/ports.ts';
import { budgetsOf, type SharedBudget } from '../operations/budgets.ts';
import { environmentReferences } from '../services/references.ts';
import { BaseCommand, type CommonFlags, commonFlags } from './base-command.ts';
import { openLimiter } from './open-limiter.ts';
import { planned } from './planned.ts';

/** Flags that every command about budgets understands. */
export const limitsFlags = {
  ...commonFlags,
  lab: Flags.boolean({ description: 'The budgets of runs in the lab.' }),
};

/** What a command about budgets works with. */
export interface Budgets {
  readonly plan: Plan;
  readonly all: readonly SharedBudget[];
  readonly limiter: Limiter;
}

/** A command about the budgets of a project. */
export abstract class LimitsCommand extends BaseCommand {
  /** Opens the budgets for as long as `use` lasts. */
  protected async budgets<T>(
    flags: CommonFlags & { readonly lab: boolean },
    use: (budgets: Budgets) => Promise<T>,
  ): Promise<T> {
    const work = await planned(await this.project(flags), flags.lab);
    try {
      const references = environmentReferences(work.project.folder, process.env);
      const limiter = await openLimiter({ redis: work.plan.redis, memory: work.memory, references });
      try {
        return await use({ plan: work.plan, all: budgetsOf(work.plan), limiter });
      } finally {
        await limiter.close();
      }
    } finally {
      await Promise.all([work.staging.close(), work.warehouse.close()]);
    }
  }
}

/** Without Redis nobody but the process itself knows its budget. */
export const ownBudgetNote =
  'Without `redis` a budget is each process’s own: this is what the last run has left behind, and what the next one starts from.';
