import { Errors, Flags } from '@oclif/core';
import { exitCodes } from '../../report/exit-code.ts';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { createFixture } from '../create-fixture.ts';
import { printFailure } from '../failure.ts';
import { print } from '../output.ts';
import { declared } from '../planned.ts';
import { interruption, stoppedCode } from '../signals.ts';
import { testProject } from '../test-project.ts';
import { FileWatch } from '../watch-files.ts';

export default class Test extends BaseCommand {
  static override readonly summary = 'Run what says what is expected of a project: fixtures and recordings.';
  static override readonly description =
    'Offline, and without secrets. Fixtures are records and the rows that a mapping makes of them; recordings are streams that are replayed up to the table. Exit code 5 when a case differs.';
  static override readonly examples = [
    '<%= config.bin %> test',
    '<%= config.bin %> test --watch',
    '<%= config.bin %> test --create orders --record 1001',
    '<%= config.bin %> test --update',
    '<%= config.bin %> test --coverage --min 80',
    '<%= config.bin %> test --format junit > etl-test.xml',
  ];
  static override readonly flags = {
    ...commonFlags,
    update: Flags.boolean({
      description: 'Accept what is found: write it down as expected. Comments in test files stay.',
    }),
    watch: Flags.boolean({
      description: 'Test again whenever a file of the project changes, until Ctrl-C.',
      exclusive: ['update', 'create'],
    }),
    coverage: Flags.boolean({
      description:
        'Say what of the mappings no fixture and no recording exercises: properties, transforms, `where`, `onInvalid`.',
    }),
    min: Flags.integer({
      description: 'Least coverage in percent; exit code 5 below it.',
      min: 0,
      max: 100,
      dependsOn: ['coverage'],
    }),
    create: Flags.string({
      description: 'Write a fixture of kept records, which expects what the mapping makes of them now.',
      helpValue: 'MAPPING',
    }),
    page: Flags.integer({
      description:
        'Of --create: the page that the records come from; the first of the newest window, unless said.',
      min: 1,
      dependsOn: ['create'],
    }),
    record: Flags.string({
      description: 'Of --create: primary key of a record; may be given several times.',
      multiple: true,
      helpValue: 'KEY',
      dependsOn: ['create'],
    }),
    limit: Flags.integer({
      description: 'Of --create: records to take, unless they are named.',
      default: 5,
      min: 1,
      max: 100,
    }),
    recorded: Flags.boolean({
      description: 'Of --create: take recorded pages, and not those that staging keeps.',
      dependsOn: ['create'],
    }),
    lab: Flags.boolean({
      description: 'Of --create: take pages that runs in the lab have left.',
      dependsOn: ['create'],
    }),
    name: Flags.string({
      description: 'Of --create: name of the test and of its file; that of the mapping, unless said.',
      helpValue: 'NAME',
      dependsOn: ['create'],
    }),
    force: Flags.boolean({
      description: 'Of --create: replace a file that there is.',
      dependsOn: ['create'],
    }),
  };

  protected override async perform(): Promise<Outcome> {
    const { flags } = await this.parse(Test);
    if (flags.create !== undefined) return this.#create(flags.create);
    const stop = interruption('stopping');
    try {
      const once = async (): Promise<Outcome> =>
        testProject(await this.project(flags), { ...flags, signal: stop.signal });
      if (!flags.watch) return await once();
      if (flags.format !== 'text' || flags.json) throw new Errors.CLIError('--watch answers as text only');
      await watching(flags.project, once, stop.signal);
      return { exitCode: stoppedCode(stop.received()), result: null, diagnostics: [], text: '' };
    } finally {
      stop.stop();
    }
  }

  async #create(mapping: string): Promise<Outcome> {
    const { flags } = await this.parse(Test);
    const checked = await this.project(flags);
    const { plan, diagnostics } = declared(checked);
    const { record: records = [], name = mapping, page, env, limit, recorded, lab, force } = flags;
    const chosen = { mapping, name, page, records, limit, recorded, lab, force, env };
    const made = await createFixture(checked, plan, chosen);
    const text = `made ${made.file} with ${made.cases} ${made.cases === 1 ? 'case' : 'cases'}; read it, and give each a name that says what it shows.`;
    return { exitCode: exitCodes.ok, result: made, diagnostics, text };
  }
}

/** Tests, and again at every change. A project that is not valid for a moment is told, and waited for. */
async function watching(folder: string, once: () => Promise<Outcome>, signal: AbortSignal): Promise<void> {
  const said = { command: 'test', folder };
  const files = new FileWatch(folder, signal);
  do {
    try {
      print({ ...(await once()), ...said }, 'text');
    } catch (error) {
      if (signal.aborted) return;
      printFailure(error, { ...said, format: 'text' });
    }
    process.stderr.write('watching; Ctrl-C ends it\n');
  } while (await files.next());
}
