import { type Diagnostic, hasErrors } from '../model/diagnostic.ts';
import type { Project, ProjectFiles, SourceDocument } from '../model/project.ts';
import { accountMistakes, withAllAccounts } from './accounts.ts';
import { authMistakes, tokenKeyMistakes } from './auth.ts';
import { buildProject } from './build-project.ts';
import { checkDocument, type DocumentCheck } from './check-document.ts';
import { chosenMistakes } from './chosen.ts';
import { columnMistakes, testColumns } from './columns.ts';
import { connectorFilling } from './connector-vars.ts';
import { connectorFolders, extendSources } from './connectors.ts';
import { crossReferences } from './cross-references.ts';
import { databaseMistakes } from './databases.ts';
import { deletesMistakes } from './deletes.ts';
import { catalogDrift } from './drift.ts';
import { collectEntries, type Entries, withoutKind } from './entries.ts';
import { type ChosenEnvironment, chooseEnvironment, fillingFor, fillingOf } from './environment.ts';
import { expandMappings } from './expand.ts';
import { identifierMistakes } from './identifiers.ts';
import { identityMistakes } from './identity.ts';
import { objectAt } from './json.ts';
import { lookupMistakes } from './lookups.ts';
import { overridesMistakes } from './overrides.ts';
import { parityMistakes } from './parity.ts';
import { mappingPaths, sourcePaths } from './paths.ts';
import { piiMistakes } from './pii.ts';
import { placeholderMistakes } from './placeholders.ts';
import { projectDocument, projectMistakes } from './project-document.ts';
import { templateMistakes } from './project-templates.ts';
import { propertyMistakes } from './properties.ts';
import { requestMistakes } from './requests.ts';
import { scheduleMistakes } from './schedules.ts';
import { maskSecrets } from './secrets.ts';
import { strategyMistakes } from './strategies.ts';
import { sourceMistakes } from './streams.ts';
import { type Filled, type Filling, substitute } from './substitute.ts';

export interface ValidateOptions {
  /** Name of the environment; otherwise `dev`, or the first one. */
  readonly environment?: string;
  /** The time, for what expires. */
  readonly nowMs?: number;
  /** What reading the files has found; it is sorted in, and an error among it leaves no project. */
  readonly read?: readonly Diagnostic[];
}

/** `project` is there when nothing but warnings was found. Diagnostics are in the order of file and line. */
export interface ValidateResult {
  readonly project?: Project;
  /** The files, with what connectors say under their sources, and with what mappings use: each node keeps its own place. */
  readonly documents: readonly SourceDocument[];
  readonly diagnostics: readonly Diagnostic[];
}

/** What the settings of valid documents mean together. */
const meaning = (entries: Entries): readonly Diagnostic[] => [
  ...entries.sources.flatMap(({ document, config }) =>
    config === undefined
      ? []
      : [
          ...sourcePaths(document, config),
          ...sourceMistakes(document, config),
          ...requestMistakes(document, config),
          ...placeholderMistakes(document, config),
          ...authMistakes(document, config),
        ],
  ),
  ...entries.mappings.flatMap(({ document, config }) =>
    config === undefined
      ? []
      : [
          ...mappingPaths(document, config),
          ...propertyMistakes(document, config),
          ...columnMistakes(document, config),
        ],
  ),
  ...entries.tests.flatMap(({ document, config }) =>
    config === undefined ? [] : testColumns(document, config, entries),
  ),
  ...piiMistakes(entries),
  ...identityMistakes(entries),
  ...chosenMistakes(entries),
  ...lookupMistakes(entries),
  ...deletesMistakes(entries),
  ...strategyMistakes(entries),
];

function byPlace(one: Diagnostic, other: Diagnostic): number {
  const [a, b] = [one.place, other.place];
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}

function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const keyed = diagnostics.map((diagnostic): [string, Diagnostic] => {
    const { code, summary, place } = diagnostic;
    return [JSON.stringify([code, summary, place?.file, place?.line, place?.column]), diagnostic];
  });
  return [...new Map(keyed).values()].sort(byPlace);
}

/** Secrets of a source that all of its accounts replace: nobody reads them, and they stand there all the same. */
function plainSecrets(document: SourceDocument, filling: Filling, { schema }: ProjectFiles): DocumentCheck {
  const { secrets, diagnostics } = checkDocument(substitute(document, fillingFor(document, filling)), schema);
  const found = diagnostics.filter(({ code }) => secretCodes.includes(code));
  return { secrets, diagnostics: found, valid: true };
}

const secretCodes = ['ETL0110', 'ETL0224'];

/** What a test's records look like is nothing that a run needs. */
const isNeeded = ({ value }: Filled): boolean => objectAt(value)['kind'] !== 'test';

const noEnvironment: ChosenEnvironment = { name: 'dev', chain: [], diagnostics: [] };

/** Documents with what connectors, files in use and catalogs say in them, and with their variables filled in. */
function filledDocuments(files: ProjectFiles, filling: Filling) {
  const extended = extendSources(files);
  const { documents: written, connectors } = withAllAccounts(extended);
  const shared = extended.documents.filter((document) => !written.includes(document));
  const fillings = written.map((document) => connectorFilling(document, connectors.get(document), filling));
  const filled = written.map((document, at) => substitute(document, fillings[at]?.filling ?? filling));
  const expanded = expandMappings(filled, written, files.unread);
  const diagnostics = [
    ...extended.diagnostics,
    ...fillings.flatMap((one) => one.diagnostics),
    ...expanded.diagnostics,
  ];
  return { filled: expanded.filled, written, extended, connectors, shared, diagnostics };
}

/**
 * Compares a project's files with the schema and with each other, and fills in variables and defaults. Pure: no file,
 * network or environment variable is looked at.
 */
export function validateProject(files: ProjectFiles, options: ValidateOptions = {}): ValidateResult {
  const own = projectDocument(files);
  const chosen = own === undefined ? noEnvironment : chooseEnvironment(own, options.environment);
  const filling = fillingOf(own, chosen);
  const { filled, written, extended, connectors, shared, ...found } = filledDocuments(files, filling);
  const checks = [
    ...filled.map((document) => checkDocument(document, files.schema)),
    ...shared.map((document) => plainSecrets(document, filling, files)),
  ];
  const checked = filled.map(({ document, value }, at) => ({
    document,
    value,
    valid: checks[at]?.valid === true,
  }));
  const entries = collectEntries(checked, [...files.unread, ...extended.unread, ...withoutKind(written)]);
  const all = [
    ...(options.read ?? []),
    ...chosen.diagnostics,
    ...found.diagnostics,
    ...projectMistakes(files),
    ...templateMistakes(files, entries),
    ...identifierMistakes(entries, entries.project, chosen),
    ...checks.flatMap(({ diagnostics }) => diagnostics),
    ...crossReferences(entries),
    ...accountMistakes(entries),
    ...meaning(entries),
    ...overridesMistakes(entries, options.nowMs ?? Number.NEGATIVE_INFINITY),
    ...scheduleMistakes({ sources: entries.sources, project: entries.project, projectDocument: own }),
    ...parityMistakes(entries),
    ...catalogDrift(entries, written),
    ...tokenKeyMistakes(entries, chosen),
    ...(own === undefined || entries.project === undefined ? [] : databaseMistakes(own)),
  ];
  const diagnostics = maskSecrets(
    inOrder(all),
    checks.flatMap(({ secrets }) => secrets),
  );
  const { project } = entries;
  const documents = filled.map(({ document }) => document);
  if (project === undefined || files.unread.length > 0 || hasErrors(diagnostics))
    return { documents, diagnostics };
  const references = filled.filter(isNeeded).flatMap((document) => document.references);
  const folders = connectorFolders(entries.sources, connectors);
  return {
    project: buildProject({ ...files, connectorFolders: folders }, entries, project, chosen, references),
    documents,
    diagnostics,
  };
}
