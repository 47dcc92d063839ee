import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { etlRun } from '../support/etl.ts';
import { Findings } from '../support/findings.ts';
import { packageFolder } from '../support/package-folder.ts';
import { warehouseRow } from '../support/warehouse-row.ts';
import { startParseServer } from './server.ts';

export interface ParseAcceptance {
  readonly findings: Findings;
  readonly figures: Readonly<Record<string, number>>;
}

/** Requests that one stream has under way. */
const inFlight = 1;

/** Reads all records of a Parse Server twice: once its limit is declared, once only its replies tell of it. */
export async function acceptParse(
  folder: string,
  databaseUrl: string,
  records: number,
): Promise<ParseAcceptance> {
  const findings = new Findings();
  const figures: Record<string, number> = {};
  for (const [variant, refusedMax] of [
    ['declared', 0],
    ['learned', inFlight + 1],
  ] as const) {
    const { refused, seconds } = await readAll(
      join(folder, variant),
      variant,
      databaseUrl,
      records,
      findings,
    );
    findings.atMost(`${variant}: reads that the server refused`, refused, refusedMax);
    figures[`${variant}_throttled`] = refused;
    figures[`${variant}_seconds`] = seconds;
  }
  return { findings, figures: { records, ...figures } };
}

async function readAll(
  folder: string,
  variant: string,
  databaseUrl: string,
  records: number,
  findings: Findings,
): Promise<{ readonly refused: number; readonly seconds: number }> {
  makeProject(folder, variant);
  const server = await startParseServer(join(folder, 'server'), databaseUrl, records);
  const counts = { answered: 0, refused: 0 };
  const startedMs = performance.now();
  try {
    const { report } = await etlRun(folder, [], { PARSE_URL: server.url, PARSE_KEY: 'read' });
    findings.same(`${variant}: run`, report.status, 'succeeded');
    findings.same(`${variant}: records received`, report.streams[0]?.received ?? 0, records);
    if (variant === 'declared') await readAgain(folder, server.url, findings);
  } finally {
    Object.assign(counts, await server.stop());
  }
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  const found = await warehouseRow(join(folder, '.etl/warehouse.duckdb'), 'bench/parse/totals.sql');
  findings.same(`${variant}: rows in the warehouse`, Number(found['records']), records);
  findings.same(`${variant}: different ids`, Number(found['ids']), records);
  findings.same(`${variant}: sum of their numbers`, Number(found['numbers']), (records * (records + 1)) / 2);
  return { refused: counts.refused, seconds };
}

/** The example project; where the limit is to be learned from replies, with another source. */
function makeProject(folder: string, variant: string): void {
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(packageFolder, 'projects/parse-server'), folder, { recursive: true });
  if (variant !== 'learned') return;
  cpSync(join(packageFolder, 'bench/parse/learned.yml'), join(folder, 'sources/parse.yml'));
  rmSync(join(folder, 'mappings/shipments.yml'));
}

/** Changes an object, as anybody does who uses the server. */
async function change(url: string, id: string): Promise<void> {
  const changed = await fetch(`${url}/classes/Order/${id}`, {
    method: 'PUT',
    headers: {
      'content-type': 'application/json',
      'x-parse-application-id': 'sluice',
      'x-parse-rest-api-key': 'read',
    },
    body: JSON.stringify({ title: 'changed' }),
  });
  if (!changed.ok) throw new Error(`${id} was not changed: ${changed.status} ${await changed.text()}`);
}

const changedIds = ['o000000007', 'o000000100', 'o000000101'];

/** What a second run asks for once a few objects have changed. */
async function readAgain(folder: string, url: string, findings: Findings): Promise<void> {
  for (const id of changedIds) await change(url, id);
  const { report } = await etlRun(folder, [], { PARSE_URL: url, PARSE_KEY: 'read' });
  findings.same('again: run', report.status, 'succeeded');
  const table = report.tables.find(({ mapping }) => mapping === 'orders');
  findings.same('again: rows updated', table?.updated ?? 0, changedIds.length);
  findings.same('again: records received', report.streams[0]?.received ?? 0, changedIds.length + 1);
}
