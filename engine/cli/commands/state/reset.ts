import { Args, Flags } from '@oclif/core';
import { accountStream } from '../../../model/accounts.ts';
import { backfillOf } from '../../../model/sweep.ts';
import { exitCodes } from '../../../report/exit-code.ts';
import type { Outcome } from '../../base-command.ts';
import { allFlags, chosen, knownOrLeft, StateCommand, stateFlags, whileIdle } from '../../state-command.ts';

export default class StateReset extends StateCommand {
  static override readonly summary = 'Forget how far a stream was read, so that the next run reads it anew.';
  static override readonly description =
    'Its pages stay unless --pages says otherwise, and so do the tables: rows that come again and have not changed are not rewritten. Refused (exit code 4) while a run reads the stream.';
  static override readonly examples = [
    '<%= config.bin %> state reset shop.orders',
    '<%= config.bin %> state reset shop.orders --pages',
    '<%= config.bin %> state reset --all --confirm dev',
  ];
  static override readonly args = {
    stream: Args.string({
      description: 'The stream, as SOURCE.STREAM, or SOURCE.STREAM@ACCOUNT where there are several.',
    }),
  };
  static override readonly flags = {
    ...stateFlags,
    ...allFlags,
    pages: Flags.boolean({
      description:
        'Forget its pages, staged rows and rows set aside as well: what the API no longer lists is then only in the warehouse.',
    }),
  };

  protected override async perform(): Promise<Outcome> {
    const { args, flags } = await this.parse(StateReset);
    return this.ledger(flags, async (work) => {
      chosen('a stream', args.stream, flags, work.project.environment);
      const streams = args.stream === undefined ? work.streams : [await knownOrLeft(work, args.stream)];
      const result = work.exists
        ? await whileIdle(work, streams, 'resetting positions', async () => {
            const forgotten: { stream: string; pages: number }[] = [];
            for (const { ref } of streams) {
              const again = { ...ref, name: backfillOf(ref.name) };
              const pages =
                (await work.state.positions.reset(ref, flags.pages)) +
                (await work.state.positions.reset(again, flags.pages));
              forgotten.push({ stream: accountStream(ref), pages });
            }
            return forgotten;
          })
        : [];
      const text =
        result.length === 0
          ? 'Nothing has been read yet: there is nothing to forget.'
          : [
              ...result.map(
                ({ stream, pages }) =>
                  `${stream}: its position is forgotten${flags.pages ? `, and ${pages} ${pages === 1 ? 'page' : 'pages'} with all that was made of them` : '; its pages stay'}.`,
              ),
              'The next run reads from the beginning. Rows that have not changed are not rewritten.',
            ].join('\n');
      return { exitCode: exitCodes.ok, result, diagnostics: [], text };
    });
  }
}
