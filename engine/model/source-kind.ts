/** What reads a source: what `connector` names, unless that is a connector that is data; such a one describes an API. */
export type SourceKind = 'http' | 'files' | 'postgres' | 'mysql';

export const sourceKinds: readonly SourceKind[] = ['http', 'files', 'postgres', 'mysql'];

/** Folders of the package's `connectors/` that are code. */
export const codeFolders: readonly string[] = ['http', 'files', 'tables'];

export const kindOf = (connector: string | undefined): SourceKind =>
  sourceKinds.find((kind) => kind === connector) ?? 'http';
