import type * as config from '../model/config.ts';
import type { CheckedConnector } from '../model/connector-check.ts';
import type { ConnectorConfig, ConnectorVar } from '../model/connector-config.ts';
import { tableText } from './table.ts';

/** A connector for people: what it reads, what it must be given, and its limits. */
export function connectorText(name: string, connector: ConnectorConfig): string {
  const { title = name, description, docs, checked, vars = {}, streams = {}, budget } = connector;
  const references = [...new Set(JSON.stringify(connector).match(/\$\{(?:env|file):[^}]+\}/g))];
  return [
    `${title}${description === undefined ? '' : `: ${description}`}`,
    ...(docs === undefined ? [] : [docs]),
    ...section('Variables', Object.entries(vars).map(varRow)),
    ...(references.length === 0 ? [] : ['', `Credentials: ${references.join(', ')}`]),
    ...section(
      `Limits${checked === undefined ? '' : ` as of ${checked}`}`,
      (budget?.limits ?? []).map(limitRow),
    ),
    '',
    tableText(['stream', 'key', 'cursor', 'page', 'what'], Object.entries(streams).map(streamRow), [
      false,
      false,
      false,
      true,
      false,
    ]),
    '',
    `Read it with \`connector: ${name}\` in a source.`,
  ].join('\n');
}

const section = (title: string, rows: readonly (readonly string[])[]): readonly string[] =>
  rows.length === 0
    ? []
    : ['', `${title}:`, ...rows.map((row) => `  ${row.filter((cell) => cell !== '').join('  ')}`)];

const varRow = ([name, { default: usual, description = '' }]: readonly [string, ConnectorVar]): string[] => [
  name,
  usual === undefined ? 'needed' : `= ${usual}`,
  description,
];

function limitRow({ id, when, bucket, sliding, fixed, concurrency, spacing }: config.Limit): string[] {
  const shape =
    (bucket && `${bucket.rate}, bursts of ${bucket.burst ?? 1}`) ??
    (sliding && `${sliding.limit} in any ${sliding.per}`) ??
    (fixed && `${fixed.limit} a ${fixed.per}${fixed.zone === undefined ? '' : ` of ${fixed.zone}`}`) ??
    (concurrency && `${concurrency.limit} at once`) ??
    (spacing && `${spacing}, one by one`) ??
    '';
  return [id, shape, when === undefined ? '' : `for ${JSON.stringify(when)}`];
}

const streamRow = ([name, stream]: readonly [string, config.Stream]): string[] => [
  name,
  (stream.primaryKey ?? []).join(', '),
  stream.cursor?.field ?? '',
  String(stream.paginate?.size ?? ''),
  stream.description ?? '',
];

/** What was checked of a connector, with what was found. */
export function connectorCheckText({ connector, passed, checks, figures }: CheckedConnector): string {
  const head = `${connector}: ${passed ? 'passed' : 'not passed'}`;
  const lines = checks.flatMap(({ name, findings }) => [
    `  ${findings.length === 0 ? '✓' : '✗'} ${name}`,
    ...findings.map((finding) => `      ${finding}`),
  ]);
  if (figures === undefined) return [head, ...lines].join('\n');
  const { streams, records, requests, throttled } = figures;
  return [
    head,
    ...lines,
    `  ${streams} streams, ${records} records, 3 runs with ${requests} requests, ${throttled} refused`,
  ].join('\n');
}
