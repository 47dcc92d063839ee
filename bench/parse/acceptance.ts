import { cpSync, mkdirSync, rmSync } from 'node:fs';
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

function makeProject(folder: string, variant: string): void {
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(packageFolder, 'bench/parse/project'), folder, { recursive: true });
  mkdirSync(join(folder, 'sources'));
  cpSync(join(packageFolder, `bench/parse/${variant}.yml`), join(folder, 'sources/parse.yml'));
}
