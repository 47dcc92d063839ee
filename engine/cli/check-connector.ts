import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileConditions } from '../compile/conditions.ts';
import { compileSource } from '../compile/source.ts';
import { check } from '../engine.ts';
import { classify } from '../execute/extract/classify.ts';
import { Reply } from '../execute/extract/reply.ts';
import { compileConditions as compiledFilter } from '../execute/map/conditions.ts';
import { parseExact, stringifyExact } from '../execute/map/exact-json.ts';
// from '../execute/extract/reply.ts';
import type * as config from '../model/config.ts';
import type {
  CheckedConnector,
  ConnectorCheck,
  ConnectorFigures,
  ExampleReply,
} from '../model/connector-check.ts';
import { ExplainedError } from '../model/errors.ts';
import { arrivedIn } from '../operations/connectors/arrived.ts';
import {
  type ExampleFormat,
  examplesOf,
  expectationOf,
  type IsGone,
  type Moments,
  momentsOf,
  type Phase,
  phasesOf,
} from '../operations/connectors/changes.ts';
import {
  descriptionCheck,
  limitsCheck,
  repliesCheck,
  streamsCheck,
} from '../operations/connectors/declared.ts';
import { readReplies } from '../read/replies.ts';
import { systemClock } from '../services/clock.ts';
import { triedSource, writeTrial } from './connector-project.ts';
import { serveRecords, type TrialRun, trialSecrets, tryOnce } from './connector-trial.ts';
import { filesBelow } from './files-below.ts';
import { packageFolder } from './package.ts';
import type { FoundConnector } from './packaged-connectors.ts';

const tokenKeyBytes = 32;

/** Ids beyond what a double holds are ids. */
const exact: ExampleFormat = { parse: parseExact, stringify: stringifyExact };

const examplesIn = ({ folder }: FoundConnector): readonly string[] =>
  existsSync(join(folder, 'examples'))
    ? readdirSync(join(folder, 'examples')).flatMap((file) => /^(.*)\.ndjson$/.exec(file)?.[1] ?? [])
    : [];

/** Checks a connector: what it says of itself, and what comes of its examples in the lab. */
export async function checkConnector(connector: FoundConnector): Promise<CheckedConnector> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-connector-'));
  try {
    const said = [
      descriptionCheck(connector.config, {
        readme: existsSync(join(connector.folder, 'README.md')),
        examples: examplesIn(connector),
        today: new Date().toISOString().slice(0, 10),
      }),
      streamsCheck(connector.config),
      limitsCheck(connector.config),
    ];
    const trial = await tried(folder, connector);
    const checks = [trial.schema, ...said, ...trial.checks];
    return {
      connector: connector.name,
      passed: checks.every(({ findings }) => findings.length === 0),
      checks,
      ...(trial.figures && { figures: trial.figures }),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Trial {
  readonly schema: ConnectorCheck;
  readonly checks: readonly ConnectorCheck[];
  readonly figures?: ConnectorFigures;
}

/** Validates the connector under a source, classifies its replies, and reads its examples three times. */
async function tried(folder: string, connector: FoundConnector): Promise<Trial> {
  const { phases, moments } = examplePhases(connector);
  const counts = new Map([...phases].map(([stream, [first]]) => [stream, first?.records.length ?? 0]));
  writeTrial(folder, connector, counts);
  serveRecords(folder, new Map([...phases].map(([stream, [first]]) => [stream, first])));
  const { project, diagnostics } = await check(folder, packageFolder);
  const schema: ConnectorCheck = {
    name: 'schema',
    findings: diagnostics.map(
      ({ code, summary, place }) =>
        `${code}: ${summary}${place === undefined ? '' : ` (${place.file}:${place.line})`}`,
    ),
  };
  const source = project?.sources.find(({ name }) => name === triedSource);
  if (source === undefined) return { schema, checks: [] };
  const replies = repliesCheck(readReplies(join(connector.folder, 'examples', 'replies.yml')), (reply) =>
    classified(source, reply),
  );
  return { schema, ...(await performed(folder, connector, { source, phases, moments, replies })) };
}

interface Planned {
  readonly phases: ReadonlyMap<string, readonly Phase[]>;
  readonly moments: Moments;
}

/** What there is of each stream in each run, and when that is. */
function examplePhases({ folder, config: { streams = {} } }: FoundConnector): Planned {
  const examples = new Map(
    Object.entries(streams).map(([name, stream]) => {
      const path = join(folder, 'examples', `${name}.ndjson`);
      return [
        name,
        existsSync(path) ? examplesOf(readFileSync(path, 'utf8'), stream, exact, goneIn(stream)) : [],
      ] as const;
    }),
  );
  const moments = momentsOf(examples, streams, systemClock.now());
  const phases = Object.entries(streams).map(
    ([name, stream]) => [name, phasesOf(examples.get(name) ?? [], stream, moments, exact)] as const,
  );
  return { phases: new Map(phases), moments };
}

/** Whether a record of a stream says that it is deleted. */
function goneIn({ deletes = [] }: config.Stream): IsGone {
  const flags = deletes.flatMap(({ by, where }) => (by === 'flag' && where !== undefined ? [where] : []));
  const tests = flags.flatMap((where) => compiledFilter(compileConditions(where, false)) ?? []);
  return (record) => tests.some((test) => test(record, record, null));
}

/** The engine's verdict on a reply. */
function classified(source: config.Source, { status, headers, body }: ExampleReply) {
  const reply = new Reply({ status, headers, body: Buffer.from(body), elapsedMs: 0 });
  const verdict = classify(compileSource(source).responses, reply);
  return { class: verdict.class, limit: verdict.rule?.limit };
}

interface Tried extends Planned {
  readonly source: config.Source;
  readonly replies: ConnectorCheck;
}

async function performed(
  folder: string,
  connector: FoundConnector,
  { source, phases, moments, replies }: Tried,
): Promise<Omit<Trial, 'schema'>> {
  const secrets = trialSecrets(
    folder,
    connector.document.value,
    randomBytes(tokenKeyBytes).toString('base64'),
  );
  const done: TrialRun[] = [];
  try {
    for (const [at, moment] of moments.entries()) {
      serveRecords(folder, new Map([...phases].map(([stream, all]) => [stream, all[at]])));
      done.push(await tryOnce(folder, secrets, moment));
    }
  } catch (error) {
    if (!(error instanceof ExplainedError)) throw error;
    const { code, summary } = error.diagnostic;
    return { checks: [replies, { name: 'first load', findings: [`${code}: ${summary}`] }] };
  }
  const found = done.map((run, at) => outcomeOf(run, at, source, phases));
  const leaked = [...secrets.values].flatMap((value) => filesWith(join(folder, '.etl'), value));
  const places = [
    ...leaked.map((file) => `.etl/${file}`),
    ...done.flatMap(({ leaks }) => leaks.map((stream) => `a kept page of ${stream}`)),
  ];
  return {
    checks: [
      replies,
      { name: 'first load', findings: found[0]?.findings ?? [] },
      { name: 'changes', findings: found.slice(1).flatMap((one) => one.findings) },
      { name: 'paging', findings: pagingFindings(done[0], source) },
      { name: 'refusals', findings: done.flatMap(refusals) },
      { name: 'secrets', findings: [...new Set(places)].map((place) => `a secret stands in ${place}`) },
    ],
    figures: {
      streams: phases.size,
      records: [...phases.values()].reduce((sum, all) => sum + (all.at(-1)?.records.length ?? 0), 0),
      requests: sum(done.map(({ requests }) => requests)),
      throttled: sum(done.map(({ throttled }) => throttled)),
      lost: sum(found.map(({ lost }) => lost)),
      doubled: sum(found.map(({ doubled }) => doubled)),
    },
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

interface Outcome {
  readonly lost: number;
  readonly doubled: number;
  readonly findings: readonly string[];
}

/** What one run has done with what was there. */
function outcomeOf(
  { report, rows }: TrialRun,
  at: number,
  source: config.Source,
  phases: Tried['phases'],
): Outcome {
  const errors = report.diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ code, summary }) => `${code}: ${summary}`);
  const each = [...phases].map(([name, all]): Outcome => {
    const stream = source.streams[name] as config.Stream;
    const wanted = expectationOf(all, at, stream);
    const found = arrivedIn(rows.get(name) ?? [], wanted);
    // What belongs to records that are not there yet is not read yet.
    const isWhole = stream.parent === undefined || at === all.length - 1;
    const received = report.streams.find((one) => one.stream === `${triedSource}.${name}`)?.received ?? 0;
    const tooMany = received > wanted.receivedMax && stream.parent === undefined;
    return {
      lost: isWhole ? found.lost : 0,
      doubled: found.doubled,
      findings: [
        ...(isWhole ? found.findings : []),
        ...(tooMany
          ? [
              `${received} records were received, and ${wanted.receivedMax} are new: the cursor does not filter, or pages overlap`,
            ]
          : []),
      ].map((finding) => `run ${at + 1}, ${name}: ${finding}`),
    };
  });
  return {
    lost: sum(each.map(({ lost }) => lost)),
    doubled: sum(each.map(({ doubled }) => doubled)),
    findings: [...errors, ...each.flatMap(({ findings }) => findings)],
  };
}

/** A listing in small pages has several, and ends. */
function pagingFindings(first: TrialRun | undefined, source: config.Source): readonly string[] {
  return (first?.report.streams ?? []).flatMap(({ stream, pages, received }) => {
    const { paginate } = source.streams[stream.split('.')[1] ?? ''] ?? {};
    const isOne = paginate?.size !== undefined && received > paginate.size && pages < 2;
    return isOne ? [`${stream.split('.')[1]}: ${received} records came in one page of ${paginate.size}`] : [];
  });
}

/** Under its declared limits nothing is refused, and what is asked for is there. */
const refusals = ({ throttled, statuses }: TrialRun): readonly string[] => [
  ...(throttled > 0 ? [`${throttled} requests went beyond the declared limits`] : []),
  ...Object.entries(statuses)
    .filter(([status]) => Number(status) >= 400)
    .map(([status, times]) => `${times} answers were ${status}`),
];

/** Files that hold a text as it is. */
const filesWith = (folder: string, text: string): readonly string[] =>
  filesBelow(folder).filter((file) => readFileSync(join(folder, file)).includes(text));
