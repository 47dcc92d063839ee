import { Args, Errors, Flags } from '@oclif/core';
import { complaint, RefusedError } from '../../../model/errors.ts';
import type { CursorPlan } from '../../../model/plan.ts';
import { durationText } from '../../../model/units.ts';
import { type CursorChange, canonicalCursor, setCursor } from '../../../operations/state.ts';
import { exitCodes } from '../../../report/exit-code.ts';
import type { Outcome } from '../../base-command.ts';
import { knownStream, StateCommand, stateFlags, whileIdle } from '../../state-command.ts';

const wanted = {
  timestamp: 'an instant with its zone, such as 2026-01-31T08:15:00Z',
  integer: 'a whole number, such as 1200345',
  string: 'a text that is not empty',
} as const;

export default class StateSet extends StateCommand {
  static override readonly summary = 'Set the cursor from which the next run reads a stream.';
  static override readonly description =
    'An earlier cursor makes records be read again: nothing is doubled, and what has not changed is not rewritten. A later one leaves records out. Refused (exit code 4) while a run reads the stream.';
  static override readonly examples = [
    '<%= config.bin %> state set shop.orders --cursor 2026-01-31T00:00:00Z',
    '<%= config.bin %> state set crm.contacts --cursor 1200345',
  ];
  static override readonly args = {
    stream: Args.string({
      description: 'The stream, as SOURCE.STREAM, or SOURCE.STREAM@ACCOUNT where there are several.',
      required: true,
    }),
  };
  static override readonly flags = {
    ...stateFlags,
    cursor: Flags.string({
      description: 'The value to go on from, of the type that the stream declares.',
      helpValue: 'VALUE',
      required: true,
    }),
  };

  protected override async perform(): Promise<Outcome> {
    const { args, flags } = await this.parse(StateSet);
    return this.ledger(flags, async (work) => {
      const { stream, ref } = knownStream(work, args.stream);
      if (stream.cursor === undefined) throw noCursor(args.stream);
      const after = canonicalCursor(stream.cursor.type, flags.cursor);
      if (after === undefined)
        throw new Errors.CLIError(
          `the cursor of ${args.stream} is a ${stream.cursor.type}: --cursor takes ${wanted[stream.cursor.type]}, not \`${flags.cursor}\``,
        );
      if (!work.exists) await work.migrate();
      const change = await whileIdle(work, [{ stream, ref }], `setting the cursor of ${args.stream}`, () =>
        setCursor(work.state, ref, stream, after),
      );
      const text = changeText(change, stream.cursor);
      return { exitCode: exitCodes.ok, result: change, diagnostics: [], text };
    });
  }
}

const noCursor = (name: string): RefusedError =>
  new RefusedError('invalid', [
    complaint(
      'ETL0944',
      `the stream ${name} declares no cursor`,
      'Every run reads all of it, so there is nothing to go on from. `cursor` in the source declares one.',
    ),
  ]);

function changeText({ stream, before, after, effect, givenUp }: CursorChange, cursor: CursorPlan): string {
  const meaning = {
    again: `What lies between ${after} and ${before} is read again: nothing is doubled, and rows that have not changed stay as they are.`,
    skipped: `What lies between ${before} and ${after} is left out, unless it changes again: the next runs do not ask for it.`,
    first: 'It had none: what lies before it is not read.',
    none: 'It was that already.',
  }[effect];
  const back = cursor.lookbackMs === 0 ? '' : `, less its lookback of ${durationText(cursor.lookbackMs)}`;
  return [
    `The cursor of ${stream} is ${after}${before === undefined || effect === 'none' ? '' : `; it was ${before}`}.`,
    meaning,
    ...(givenUp === undefined
      ? []
      : [
          `The window that was open is given up; its ${givenUp} ${givenUp === 1 ? 'page stays' : 'pages stay'}.`,
        ]),
    `The next run asks for what has changed since then${back}.`,
  ].join('\n');
}
