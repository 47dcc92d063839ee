import { Args } from '@oclif/core';
import { viewState } from '../../../operations/state.ts';
import { exitCodes } from '../../../report/exit-code.ts';
import { stateText } from '../../../report/state-text.ts';
import { systemClock } from '../../../services/clock.ts';
import type { Outcome } from '../../base-command.ts';
import { knownStreams, StateCommand, stateFlags } from '../../state-command.ts';

export default class StateShow extends StateCommand {
  static override readonly summary =
    'Show how far each stream is read, settled and loaded, who holds locks, and the last runs.';
  static override readonly description =
    'Fetched is how far the API was read; settled is what every mapping has loaded, filtered or set aside; fresh is how long ago the API was as the tables are. Asks no API and opens no warehouse.';
  static override readonly examples = [
    '<%= config.bin %> state show',
    '<%= config.bin %> state show shop.orders',
    '<%= config.bin %> state show --json',
  ];
  static override readonly args = {
    stream: Args.string({
      description: 'Only this stream, as SOURCE.STREAM, or SOURCE.STREAM@ACCOUNT where there are several.',
    }),
  };
  static override readonly flags = stateFlags;

  protected override async perform(): Promise<Outcome> {
    const { args, flags } = await this.parse(StateShow);
    return this.ledger(flags, async (work) => {
      const only =
        args.stream === undefined ? undefined : knownStreams(work, args.stream).map(({ stream }) => stream);
      const { environment } = work.project;
      if (!work.exists) {
        const text = `Nothing has been read in the environment ${environment} yet.`;
        const result = { environment, streams: [], freshness: [], locks: [], runs: [] };
        return { exitCode: exitCodes.ok, result, diagnostics: [], text };
      }
      const nowMs = systemClock.now();
      const view = await viewState(work.state, work.plan, nowMs, only);
      const text = stateText({ ...view, schedules: work.plan.schedules ?? [] }, { nowMs });
      return { exitCode: exitCodes.ok, result: { environment, ...view }, diagnostics: [], text };
    });
  }
}
