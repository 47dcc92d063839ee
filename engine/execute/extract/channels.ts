import { accountSource } from '../../model/accounts.ts';
import type { SourcePlan } from '../../model/plan.ts';
import { type Binder, binder } from './bind.ts';
import type { Credentials } from './credentials.ts';
import { ForbiddenCount } from './forbidden-count.ts';
import { PollSchedule } from './poll-schedule.ts';
import { Renewals } from './renewals.ts';
import { RetryBudget } from './retry-budget.ts';

/** What all streams of an account share while a run sends. */
export interface Channel {
  readonly bind: Binder;
  readonly credentials: Renewals;
  readonly retries: RetryBudget;
  /** Shared by all sources of the domain. */
  readonly forbidden: ForbiddenCount;
  readonly polls: PollSchedule;
}

/** The channels of a run, each opened by the first request to its source. */
export class Channels {
  readonly #credentials: (source: SourcePlan) => Credentials;
  readonly #channels = new Map<string, Channel>();
  readonly #forbidden = new Map<string, ForbiddenCount>();

  constructor(credentials: (source: SourcePlan) => Credentials) {
    this.#credentials = credentials;
  }

  of(source: SourcePlan): Channel {
    const known = this.#channels.get(accountSource(source));
    if (known !== undefined) return known;
    const opened: Channel = {
      bind: binder(source.budget),
      credentials: new Renewals(this.#credentials(source)),
      retries: new RetryBudget(source.retryShare),
      forbidden: this.#forbiddenIn(source.budget.domain),
      polls: new PollSchedule(),
    };
    this.#channels.set(accountSource(source), opened);
    return opened;
  }

  #forbiddenIn(domain: string): ForbiddenCount {
    const count = this.#forbidden.get(domain) ?? new ForbiddenCount();
    this.#forbidden.set(domain, count);
    return count;
  }
}
