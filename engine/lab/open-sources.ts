import type * as config from '../model/config.ts';
import type { Project } from '../model/project.ts';
import { kindOf } from '../model/source-kind.ts';
import { labError } from './complain.ts';
import { findDataFile } from './data-file.ts';
import { withDescriptions } from './descriptions.ts';
import { dialectOf } from './dialects/dialects.ts';
import { bareSource, labOwner, labSources } from './lab-accounts.ts';
import { LabSource } from './lab-source.ts';
import { dataFolders, type KeptCollections, type LabStream, openStream } from './lab-stream.ts';
import { type Meter, metersOf } from './meter.ts';
import { controlPath } from './reference.ts';
import { costSlots } from './slots.ts';

/** Such values as will stand beside the records of a stream. */
function slotsOf(source: config.Source, name: string, meter: Meter) {
  const { path } = (source.streams[name] as config.Stream).request;
  const asked = { method: 'GET', path, stream: name, query: new URLSearchParams(), headers: {} };
  const limits = meter.standings({ steadyMs: 0, epochMs: 0 }, asked);
  const costs = meter.actualPlaces(asked).map((place) => ({ place, cost: 0 }));
  return costSlots(costs, dialectOf(source).slots?.({ limits, nowMs: 0 }));
}

/** What a connector declares and nobody reads need not have records. */
function isServed(project: Project, source: config.Source, name: string): boolean {
  const full = labOwner(source.name, name);
  if (project.connectorFolders[bareSource(source)] === undefined) return true;
  if (project.mappings.some(({ from }) => from === `${bareSource(source)}.${name}`)) return true;
  const stream = source.streams[name] as config.Stream;
  return (
    stream.lab?.generate !== undefined ||
    findDataFile(dataFolders(project, source), full, stream) !== undefined
  );
}

async function openStreams(
  project: Project,
  source: config.Source,
  meter: Meter,
  kept: KeptCollections,
): Promise<readonly LabStream[]> {
  const opened = new Map<string, LabStream>();
  for (const name of Object.keys(source.streams).filter((one) => isServed(project, source, one))) {
    const stream = await openStream(project, source, name, slotsOf(source, name, meter), kept);
    if (opened.has(stream.distinction)) {
      // Streams of one kind of record may share their descriptions.
      if (name.includes('~')) continue;
      throw labError(
        'cannotServe',
        `${source.name}.${name} sends the same request as another stream of its source`,
        'The lab could not tell which one is meant: give them different paths or query parameters.',
      );
    }
    opened.set(stream.distinction, stream);
  }
  return [...opened.values()];
}

/** Opens the sources of a project. @throws TerminalError */
export async function openSources(project: Project): Promise<readonly LabSource[]> {
  const sources = labSources(project).filter(({ connector }) => kindOf(connector) === 'http');
  const meters = metersOf(sources);
  const kept: KeptCollections = new Map();
  const opened: LabSource[] = [];
  for (const [index, source] of sources.entries()) {
    if (`/${source.name}` === controlPath) {
      throw labError(
        'cannotServe',
        `the lab's own endpoints stand at ${controlPath}, so it cannot serve a source ${source.name}`,
        'Give the source another name.',
      );
    }
    const meter = meters[index] as Meter;
    const served = withDescriptions(dataFolders(project, source), source);
    opened.push(new LabSource(source, meter, await openStreams(project, served, meter, kept)));
  }
  return opened;
}
