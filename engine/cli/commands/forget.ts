import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { Errors, Flags } from '@oclif/core';
import { type FoundSubject, findSubject, forgetSubject } from '../../operations/forget.ts';
import { streamName } from '../../operations/forget-texts.ts';
import { exitCodes } from '../../report/exit-code.ts';
import {
  type ForgetLine,
  forgetText,
  forgottenText,
  foundText,
  liftedText,
} from '../../report/forget-text.ts';
import { BaseCommand, type CommonFlags, commonFlags, type Outcome } from '../base-command.ts';
import { type FoundInFiles, findInFiles, forgetInFiles } from '../forget-files.ts';
import { erasersOf, streamsOf, withForgetServices } from '../forget-services.ts';
import { type PlannedProject, planned } from '../planned.ts';
import { whileNothingRuns } from '../while-idle.ts';

export default class Forget extends BaseCommand {
  static override readonly summary = 'Erase one person from all that is kept, and keep them out.';
  static override readonly description =
    'Finds the records about VALUE in every stream with a `subject`: kept responses, rows, Blockers, tables of the warehouse, artifacts, cached replies and recordings; files of the project that name them are listed. What later pages say of them is dropped until --lift. May be given again whenever it did not come to its end.';
  static override readonly examples = [
    '<%= config.bin %> forget --subject 4711 --dry-run',
    '<%= config.bin %> forget --subject ann@example.com --yes',
    '<%= config.bin %> forget --list',
    '<%= config.bin %> forget --lift 4711',
  ];
  static override readonly flags = {
    ...commonFlags,
    subject: Flags.string({
      description:
        'The person as the API names them; `-` reads it from stdin, so that no shell remembers it.',
      helpValue: 'VALUE',
      exclusive: ['list', 'lift'],
    }),
    'dry-run': Flags.boolean({
      description: 'Say what is there, and erase nothing.',
      dependsOn: ['subject'],
    }),
    yes: Flags.boolean({ char: 'y', description: 'Erase without asking.', dependsOn: ['subject'] }),
    list: Flags.boolean({
      description: 'Show when something was forgotten, by whom and how much, without names.',
    }),
    lift: Flags.string({
      description: 'Keep records about this subject again, as pages with them come.',
      helpValue: 'VALUE',
      exclusive: ['list'],
    }),
  };

  protected override async perform(): Promise<Outcome> {
    const { flags } = await this.parse(Forget);
    if (flags.list) return this.#with(flags, list);
    const { lift, subject } = flags;
    if (lift !== undefined) return this.#with(flags, (work) => lifted(work, given(lift)));
    if (subject === undefined)
      throw new Errors.CLIError('say whom: --subject VALUE, or --list, or --lift VALUE');
    const mode = flags['dry-run'] ? 'dry' : flags.yes ? 'erase' : 'ask';
    if (mode === 'ask' && (process.stdin.isTTY !== true || subject === '-' || flags.json))
      throw new Errors.CLIError('nobody can be asked here: --yes erases, --dry-run only looks');
    return this.#with(flags, (work) => forget(work, given(subject), mode));
  }

  async #with(flags: CommonFlags, use: (work: PlannedProject) => Promise<Outcome>): Promise<Outcome> {
    const work = await planned(await this.project(flags), false);
    try {
      await work.staging.migrate();
      return await use(work);
    } finally {
      await Promise.all([work.staging.close(), work.warehouse.close()]);
    }
  }
}

/** @throws CLIError (exit 64) when it is empty, which would be everybody of whom nothing is said */
function given(value: string): string {
  const text = value === '-' ? readFileSync(0, 'utf8').replace(/\r?\n$/, '') : value;
  if (text === '') throw new Errors.CLIError('the subject is empty');
  return text;
}

async function forget(
  work: PlannedProject,
  subject: string,
  mode: 'dry' | 'ask' | 'erase',
): Promise<Outcome> {
  return withForgetServices(work, subject, async (services) => {
    const found = await findSubject(services);
    const inFiles = findInFiles(work, services.erasers);
    const silent = silentStreams(work, found, inFiles);
    const lines = linesOf(found);
    const diagnostics = [...found.diagnostics, ...inFiles.diagnostics];
    const said = foundText(lines, silent, inFiles);
    const goesOn = mode === 'erase' || (mode === 'ask' && (await agreed(said)));
    if (!goesOn) {
      const text = mode === 'dry' ? said : 'Nothing was erased.';
      const result = { streams: lines, ...filesResult(inFiles), notSearched: silent };
      return { exitCode: exitCodes.ok, result, diagnostics, text };
    }
    const request = { salt: randomBytes(16).toString('hex'), by: userInfo().username };
    const lock = { run: `etl forget (${process.pid})`, what: 'forgetting a person' };
    // What came while somebody thought about it is found, too.
    const { files, done } = await whileNothingRuns(work, lock, async () => {
      const sought = await findSubject(services);
      // Before the tombstones are done: until then the same command begins again.
      const changed = forgetInFiles(work, services.erasers);
      return { files: changed, done: await forgetSubject(sought, request, services) };
    });
    const result = { ...done, ...filesResult(files), notSearched: silent };
    return { exitCode: exitCodes.ok, result, diagnostics, text: forgetText(done, silent, files) };
  });
}

/** Streams that are read, or were read once, and do not say whom their records are about. */
function silentStreams(
  { plan }: PlannedProject,
  { notSearched }: FoundSubject,
  inFiles: FoundInFiles,
): readonly string[] {
  const read = streamsOf(plan).filter(({ subject }) => subject === undefined);
  return [
    ...new Set([...read.map((stream) => streamName({ stream })), ...notSearched, ...inFiles.notSearched]),
  ];
}

const filesResult = ({ recordings, expected, places }: FoundInFiles) => ({ recordings, expected, places });

const linesOf = ({ streams }: FoundSubject): readonly ForgetLine[] =>
  streams.map(({ eraser, places }) => ({
    stream: streamName(eraser),
    pages: places.length,
    records: places.reduce((sum, { ordinals }) => sum + ordinals.length, 0),
  }));

async function agreed(text: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${text}\nErase it for good? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

async function list({ forgetting }: PlannedProject): Promise<Outcome> {
  const entries = await forgetting.entries();
  return { exitCode: exitCodes.ok, result: entries, diagnostics: [], text: forgottenText(entries) };
}

async function lifted(work: PlannedProject, subject: string): Promise<Outcome> {
  const { forgetting } = work;
  const salt = (await forgetting.known())?.salt;
  const hashes = erasersOf(work, subject).map((eraser) => (salt === undefined ? '' : eraser.hash(salt)));
  const tombstones = await forgetting.lift(hashes);
  return { exitCode: exitCodes.ok, result: { tombstones }, diagnostics: [], text: liftedText(tombstones) };
}
