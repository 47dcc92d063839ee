import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Checked, replay } from '../engine.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Project } from '../model/project.ts';
import type { ReplayReport } from '../model/replay.ts';
import type { ReplayFinding } from '../operations/replay/findings.ts';
import { compareReplay } from '../operations/replay/replay.ts';
import { exitCodes } from '../report/exit-code.ts';
import { replayMarkdown, replayText } from '../report/replay-text.ts';
import { systemClock } from '../services/clock.ts';
import { type BaseCommit, baseCommit } from '../services/git.ts';
import type { Outcome } from './base-command.ts';
import { inLab } from './in-lab.ts';
import { mappingsKnown } from './mapping-names.ts';
import { referencesOf } from './references-of.ts';
import { keptOrRecorded } from './replay-pages.ts';
import { type Sides, sidesOf } from './replay-sides.ts';
import { interruption, stoppedCode } from './signals.ts';
import { databases } from './state.ts';
import { projectRecordings } from './test-recordings.ts';

export interface ReplayFlags {
  readonly base: string;
  readonly lab: boolean;
  readonly pages: number;
  readonly samples: number;
  readonly accept: readonly string[];
}

type Valid = Checked & { readonly project: Project };

/** Replays kept pages by the mappings of the base and by those of the head. */
export async function replayed(head: Valid, names: readonly string[], flags: ReplayFlags): Promise<Outcome> {
  const base = await baseCommit(head.project.folder, flags.base);
  const folder = await mkdtemp(join(tmpdir(), 'etl-replay-'));
  const stop = interruption('stopping');
  try {
    await base.extract(folder);
    const references = referencesOf(head.project.folder, flags.lab);
    const sides = await sidesOf(head, folder, { isLab: flags.lab, references });
    if (sides.invalidBase !== undefined) return noBase(sides.invalidBase);
    return await compared(head, base, sides, { names, flags, signal: stop.signal });
  } catch (error) {
    if (stop.received() === undefined) throw error;
    return { exitCode: stoppedCode(stop.received()), result: null, diagnostics: [], text: '' };
  } finally {
    stop.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Wanted {
  readonly names: readonly string[];
  readonly flags: ReplayFlags;
  readonly signal: AbortSignal;
}

async function compared(
  head: Valid,
  base: BaseCommit,
  { edits, programs, projects }: Sides,
  { names, flags, signal }: Wanted,
): Promise<Outcome> {
  const wanted = mappingsKnown(
    edits.map(({ mapping }) => mapping),
    names,
  );
  const project = flags.lab ? inLab(head.project) : head.project;
  const { staging, forgetting, warehouse } = await databases(project);
  try {
    const exists = await staging.exists();
    if (exists) await staging.migrate();
    const recorded = projectRecordings(project.folder);
    const pages = await keptOrRecorded(exists ? staging : undefined, project.environment, recorded);
    const forgotten = exists ? await forgetting.known() : undefined;
    const options = { pagesMax: flags.pages, nowMs: systemClock.now(), forgotten, signal };
    const found = await compareReplay(replay(programs, pages, options), {
      edits: edits.filter(({ mapping }) => wanted.includes(mapping)),
      programs,
      personal: personalIn(Object.values(projects)),
      documents: head.documents,
      accepted: new Set([...flags.accept, ...(await base.trailers('Replay-accepts')).flatMap(listed)]),
      pages,
      pagesMax: flags.pages,
      samplesMax: flags.samples,
    });
    const { environment } = project;
    const report: ReplayReport = {
      environment,
      base: { ref: flags.base, commit: base.commit },
      origin: pages.origin,
      verdict: found.verdict,
      mappings: found.mappings,
    };
    return outcomeOf(report, head.diagnostics, found.findings);
  } finally {
    await Promise.all([staging.close(), warehouse.close()]);
  }
}

const listed = (value: string): readonly string[] => value.split(/[\s,]+/).filter((name) => name !== '');

function outcomeOf(
  report: ReplayReport,
  said: readonly Diagnostic[],
  findings: readonly ReplayFinding[],
): Outcome {
  const exitCode = {
    same: exitCodes.ok,
    explained: exitCodes.ok,
    unexplained: exitCodes.mismatch,
    inconclusive: exitCodes.inconclusive,
  }[report.verdict];
  const failures = (mapping?: string): readonly string[] =>
    findings
      .filter((one) => one.mapping === mapping && one.diagnostic.severity === 'error')
      .map(({ diagnostic: { code, summary, help } }) => [`${code}: ${summary}`, ...help].join('\n'));
  return {
    exitCode,
    result: report,
    diagnostics: [...said, ...findings.map(({ diagnostic }) => diagnostic)],
    text: replayText(report),
    explained: true,
    summary: replayMarkdown(report),
    cases: [
      { suite: 'replay', name: 'pages', failures: failures() },
      ...report.mappings.map(({ mapping }) => ({
        suite: 'replay',
        name: mapping,
        failures: failures(mapping),
      })),
    ],
  };
}

/** What the base makes is not known: it is not valid, or not in this environment. */
const noBase = (diagnostics: readonly Diagnostic[]): Outcome => ({
  exitCode: exitCodes.inconclusive,
  result: null,
  diagnostics: diagnostics.map((one) => ({ ...one, severity: 'warning' })),
  text: 'Inconclusive: the base is not a valid project in this environment, so that nobody can tell what it makes.',
});

function personalIn(projects: readonly Project[]): { readonly [mapping: string]: ReadonlySet<string> } {
  const found: Record<string, Set<string>> = {};
  for (const { name, properties } of projects.flatMap(({ mappings }) => mappings)) {
    const own = Object.keys(properties).filter((column) => properties[column]?.pii !== undefined);
    found[name] = new Set([...(found[name] ?? []), ...own]);
  }
  return found;
}
