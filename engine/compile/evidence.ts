import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';
import type { ParityEvidence, ParityGate, ParityRequirement } from '../model/evidence.ts';
import type { ParityReport } from '../model/parity.ts';
import type { MappingPlan, Plan } from '../model/plan.ts';
import { durationText } from '../model/units.ts';
import { canonical, sha256 } from './canonical.ts';

/** What makes the rows of each mapping, as a hash: the same in all environments, whatever their tables are called. */
export const structuresOf = ({ mappings }: Plan): { readonly [mapping: string]: string } =>
  Object.fromEntries(Object.values(mappings).map((mapping) => [mapping.name, structureOf(mapping)]));

function structureOf(mapping: MappingPlan): string {
  const { stream, each, where, strategy, key, properties, deletes } = mapping;
  // What a warehouse cannot hold is a matter of the warehouse.
  const columns = properties.map(({ limits: _, declared: __, ...property }) => property);
  return sha256(canonical({ stream, each, where, strategy, key, columns, deletes }));
}

/** What a report has proven of the mappings of a plan. */
export function evidenceOf(report: ParityReport, declared: Plan): ParityEvidence {
  const structures = structuresOf(declared);
  const proven = {
    environment: report.environment,
    against: report.against,
    verdict: report.verdict,
    at: report.at,
    tables: report.tables.map(({ mapping, right, verdict, rows, checksums, watermark }) => ({
      mapping,
      target: right,
      verdict,
      rows,
      structure: structures[mapping] ?? '',
      ...(checksums && { checksums }),
      ...(watermark !== undefined && { watermark }),
    })),
  };
  return { hash: sha256(canonical(proven)), ...proven };
}

/** Whether it is as it was written. */
export const isWholeEvidence = ({ hash, ...proven }: ParityEvidence): boolean =>
  sha256(canonical(proven)) === hash;

/** What keeps a plan from being performed: evidence that is missing, too old, of other mappings, no match, or overtaken. */
export function evidenceFindings(
  gate: ParityGate | undefined,
  bound: ParityEvidence | undefined,
  nowMs: number,
): readonly Diagnostic[] {
  if (gate === undefined) return [];
  const { required, environment } = gate;
  const again = againText(required);
  if (bound === undefined || bound.environment !== required.from || bound.against !== required.against)
    return [missing(gate, bound)];
  if (!isWholeEvidence(bound))
    return [complaint('ETL0364', 'the parity evidence is not as it was written', again)];
  const ageMs = nowMs - Date.parse(bound.at);
  return [
    ...(ageMs <= required.maxAgeMs
      ? []
      : [
          complaint(
            'ETL0361',
            `the parity evidence of ${required.from} is ${durationText(ageMs)} old`,
            `${environment} requires it to be no older than ${durationText(required.maxAgeMs)}.`,
            again,
          ),
        ]),
    ...verdictFindings(bound, again),
    ...structureFindings(bound, gate.structures, again),
    ...overtaken(bound, gate.newest, again),
  ];
}

const againText = ({ from, against }: ParityRequirement): string =>
  `Compare again, and make a new plan with what that says: \`etl parity --env ${from}${against === 'warehouse' ? '' : ` --against ${against}`}\`, then \`etl plan --out\`.`;

const missing = ({ required, environment }: ParityGate, other: ParityEvidence | undefined): Diagnostic =>
  complaint(
    'ETL0360',
    `there is no parity evidence of ${required.from}, which ${environment} requires`,
    other === undefined
      ? 'The plan was made without any.'
      : `What there is compares ${other.environment} with ${other.against}.`,
    againText(required),
  );

function verdictFindings(
  { environment, tables, verdict }: ParityEvidence,
  again: string,
): readonly Diagnostic[] {
  if (verdict === 'match') return [];
  const bad = tables.filter((table) => table.verdict !== 'match' && table.verdict !== 'excluded');
  const which = bad.map(({ mapping, verdict: own }) => `${mapping}: ${own}`).join(', ');
  return [
    complaint(
      'ETL0363',
      `the parity evidence of ${environment} is no match`,
      which === '' ? `Its verdict is ${verdict}.` : `${which}.`,
      again,
    ),
  ];
}

function structureFindings(
  { environment, tables }: ParityEvidence,
  structures: ParityGate['structures'],
  again: string,
): readonly Diagnostic[] {
  const then = new Map(tables.map(({ mapping, structure }) => [mapping, structure]));
  const other = Object.entries(structures).filter(([mapping, structure]) => then.get(mapping) !== structure);
  if (other.length === 0) return [];
  const words = other.map(([mapping]) =>
    then.has(mapping) ? `${mapping} has changed since` : `${mapping} was not compared`,
  );
  return [
    complaint(
      'ETL0362',
      `the parity evidence of ${environment} is about other mappings`,
      `${words.join(', ')}.`,
      again,
    ),
  ];
}

/** A later comparison that says the same does no harm. */
function overtaken(
  bound: ParityEvidence,
  newest: ParityEvidence | undefined,
  again: string,
): readonly Diagnostic[] {
  if (newest === undefined || newest.hash === bound.hash) return [];
  const isLater =
    newest.environment === bound.environment && newest.against === bound.against && newest.at > bound.at;
  if (!isLater || newest.verdict === 'match') return [];
  return [
    complaint(
      'ETL0364',
      `the parity of ${bound.environment} has moved since the plan`,
      `It was compared again at ${newest.at}, and the verdict is ${newest.verdict}.`,
      again,
    ),
  ];
}
