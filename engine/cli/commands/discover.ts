import { Args, Flags } from '@oclif/core';
import type { FoundStream } from '../../model/catalog.ts';
import { hasErrors } from '../../model/diagnostic.ts';
import { discover } from '../../operations/discover/discover.ts';
import { driftFindings, nothingFound, typeFindings } from '../../operations/discover/findings.ts';
import { type DiscoverReport, discoverText } from '../../report/discover-text.ts';
import { exitCodes } from '../../report/exit-code.ts';
import { systemClock } from '../../services/clock.ts';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { discoveredFiles, writeDiscovered } from '../discover-files.ts';
import { type DiscoveringProject, discoveringProject } from '../discover-project.ts';
import { askForProperties } from '../discover-streams.ts';
import { inLab } from '../in-lab.ts';
import { declared } from '../planned.ts';
import { interruption, stoppedCode } from '../signals.ts';
import { databases } from '../state.ts';

interface DiscoverFlags {
  readonly env?: string | undefined;
  readonly lab: boolean;
  readonly check: boolean;
  readonly prune: boolean;
}

export default class Discover extends BaseCommand {
  static override readonly summary = 'Find the properties of a source, and write its catalog.';
  static override readonly description =
    'Asks for what the provider says of its properties (`describe` of a stream), within the budget, or infers them from kept pages or one page of records. Writes catalogs/SOURCE.yml and the files below generated/ that mappings use, and nothing else. A second run without a change writes nothing.';
  static override readonly examples = [
    '<%= config.bin %> discover crm',
    '<%= config.bin %> discover crm deals --lab',
    '<%= config.bin %> discover crm --check',
  ];
  static override readonly strict = false;
  static override readonly args = {
    source: Args.string({ description: 'Name of the source.', required: true }),
    streams: Args.string({ description: 'Names of streams; without them, all of the source.' }),
  };
  static override readonly flags = {
    ...commonFlags,
    lab: Flags.boolean({ description: 'Ask the lab instead of the real API.' }),
    check: Flags.boolean({
      description: 'Write nothing, and exit with 5 where the files are not what they would be.',
    }),
    prune: Flags.boolean({
      description: 'Take properties that are archived or gone out of the catalog and the generated files.',
    }),
  };

  protected override async perform(): Promise<Outcome> {
    const { argv, flags } = await this.parse(Discover);
    const [source = '', ...streams] = argv as string[];
    const work = await discoveringProject(flags.project, flags.env, source, streams);
    const stop = interruption('stopping: nothing is written');
    try {
      return outcomeOf(work, await this.#found(work, flags, stop.signal), flags);
    } catch (error) {
      if (stop.received() === undefined) throw error;
      return { exitCode: stoppedCode(stop.received()), result: null, diagnostics: [], text: '' };
    } finally {
      stop.stop();
    }
  }

  async #found(
    { checked, source, streams }: DiscoveringProject,
    { lab, env }: DiscoverFlags,
    signal: AbortSignal,
  ): Promise<readonly FoundStream[]> {
    const project = lab ? inLab(checked.project) : checked.project;
    const { plan } = declared(checked, project);
    const { documents } = checked;
    const opened = await databases(project);
    try {
      return await askForProperties({
        ...{ project, plan, documents, databases: opened, source: source.name, streams, lab, env, signal },
      });
    } finally {
      await Promise.all([opened.staging.close(), opened.warehouse.close()]);
    }
  }
}

const withoutShares = ({ properties, ...stream }: FoundStream): FoundStream => ({
  ...stream,
  properties: properties.map(({ seen: _, ...property }) => property),
});

function outcomeOf(
  { checked, source: { name }, catalog, used }: DiscoveringProject,
  found: readonly FoundStream[],
  { check, prune }: DiscoverFlags,
): Outcome {
  const described = found.filter(({ properties }) => properties.length > 0);
  // How often a value was seen is no drift.
  const some = check ? described.map(withoutShares) : described;
  const today = new Date(systemClock.now()).toISOString().slice(0, 10);
  const before = catalog.value;
  const made = discover({ source: name, ...(before && { before }), found: some, today, used, prune });
  const { folder } = checked.project;
  const files = discoveredFiles(folder, catalog.file, made);
  const diagnostics = [
    ...found.filter((one) => !described.includes(one)).map((one) => nothingFound(one, name)),
    ...made.streams.flatMap((one) => [
      ...driftFindings(one, (id) => catalog.placeOf(one.stream.slice(name.length + 1), id)),
      ...typeFindings(one),
    ]),
  ];
  const isWritten = !check && some.length > 0 && !hasErrors(diagnostics);
  if (isWritten) writeDiscovered(folder, files);
  const report: DiscoverReport = {
    source: name,
    streams: made.streams,
    files: files.map(({ file, state }) => ({ file, state })),
    isCheck: check,
  };
  const differs = check && files.some(({ state }) => state !== 'unchanged');
  return {
    exitCode: differs ? exitCodes.mismatch : exitCodes.ok,
    result: report,
    diagnostics,
    text: discoverText(report),
  };
}
