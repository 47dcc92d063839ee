import { Args } from '@oclif/core';
import { assert } from '../../../model/errors.ts';
import { chosenBlockers } from '../../../operations/blockers.ts';
import { showText } from '../../../report/blocker-text.ts';
import { exitCodes } from '../../../report/exit-code.ts';
import { systemClock } from '../../../services/clock.ts';
import type { Outcome } from '../../base-command.ts';
import { BlockersCommand, blockersFlags, callSuffix, idOf } from '../../blockers-command.ts';
import { propertyPlace } from '../../property-place.ts';

export default class BlockersShow extends BlockersCommand {
  static override readonly summary =
    'Show all that is known of a Blocker, what was done, and what to do next.';
  static override readonly examples = ['<%= config.bin %> blockers show 12'];
  static override readonly args = {
    id: Args.string({ description: 'Its number, as `etl blockers` lists it.', required: true }),
  };
  static override readonly flags = blockersFlags;

  protected override async perform(): Promise<Outcome> {
    const { args, flags } = await this.parse(BlockersShow);
    const id = idOf(args.id);
    return this.blockers(flags, async ({ blockers, files }) => {
      const [blocker] = await chosenBlockers(blockers, { ids: [id] });
      assert(blocker, 'a Blocker that was found is there');
      const history = await blockers.history(id);
      const pages = [...(await blockers.pages([id])).values()].flat();
      const declared = propertyPlace(files.documents, blocker);
      const text = showText(blocker, {
        ...{ history, pages, nowMs: systemClock.now(), suffix: callSuffix(flags) },
        ...(declared !== undefined && { declared }),
      });
      const result = { blocker, pages, history };
      return { exitCode: exitCodes.ok, result, diagnostics: [], text };
    });
  }
}
