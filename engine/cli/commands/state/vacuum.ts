import { Flags } from '@oclif/core';
import type { Dropped } from '../../../model/state-port.ts';
import { streamRefs } from '../../../model/stream-refs.ts';
import { durationText, sizeText } from '../../../model/units.ts';
import { exitCodes } from '../../../report/exit-code.ts';
import { count } from '../../../report/table.ts';
import type { Outcome } from '../../base-command.ts';
import { StateCommand, type StateWork, stateFlags } from '../../state-command.ts';

const dayMs = 86_400_000;
const nothing: Dropped = { pages: 0, bytes: 0, more: false };

export default class StateVacuum extends StateCommand {
  static override readonly summary =
    'Drop the responses that `staging.keep` no longer asks for, and give their space back to the disk.';
  static override readonly description =
    'The oldest go first: never one of a page that a mapping has yet to load, nor one with a row that is set aside. Rows, counts and hashes stay. Every run drops some at its end; only this gives the space back.';
  static override readonly examples = [
    '<%= config.bin %> state vacuum --dry-run',
    '<%= config.bin %> state vacuum',
  ];
  static override readonly flags = {
    ...stateFlags,
    'dry-run': Flags.boolean({ description: 'Only say what would go.' }),
  };

  protected override async perform(): Promise<Outcome> {
    const { flags } = await this.parse(StateVacuum);
    return this.ledger(flags, async (work) => {
      const dry = flags['dry-run'];
      const dropped = await drop(work, dry);
      const shrinking = dry ? { shrunk: false, text: [] } : await shrink(work);
      const what = `${dry ? 'Would drop' : 'Dropped'} ${droppedText(dropped)} (${ruleText(work)}).`;
      const result = { ...dropped, dryRun: dry, shrunk: shrinking.shrunk };
      const text = [what, ...shrinking.text].join('\n');
      return { exitCode: exitCodes.ok, result, diagnostics: [], text };
    });
  }
}

const droppedText = ({ pages, bytes }: Dropped): string =>
  `${count(pages)} ${pages === 1 ? 'response' : 'responses'}, ${sizeText(bytes)}`;

function ruleText({ plan }: StateWork): string {
  const { ageMs, bytesMax } = plan.staging.keep;
  return `kept for ${ageText(ageMs)}${bytesMax === undefined ? '' : `, at most ${sizeText(bytesMax)}`}`;
}

const ageText = (ms: number): string =>
  ms % dayMs === 0 ? `${ms / dayMs} ${ms === dayMs ? 'day' : 'days'}` : durationText(ms);

/** Not while a run goes on: each would wait for the other. */
async function shrink({ exists, state }: StateWork) {
  if (!exists) return { shrunk: false, text: [] };
  const busy = (await state.locks.all()).find(({ free }) => !free)?.run;
  if (busy !== undefined) {
    const text = `The file is not made smaller while a run goes on (${busy}): call this again when it is done.`;
    return { shrunk: false, text: [text] };
  }
  await state.positions.shrink();
  return { shrunk: true, text: ['The database was rewritten without what is gone.'] };
}

async function drop({ exists, state, plan }: StateWork, dry: boolean): Promise<Dropped> {
  if (!exists) return nothing;
  const { keep } = plan.staging;
  const refs = streamRefs(plan);
  if (dry) return state.positions.compactable(refs, keep);
  return state.positions.compact(refs, keep, Number.MAX_SAFE_INTEGER);
}
