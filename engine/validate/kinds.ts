/** What a file of a project can be. */
export const kinds = [
  'project',
  'source',
  'mapping',
  'properties',
  'catalog',
  'test',
  'overrides',
  'parity',
  'connector',
] as const;

export const isKind = (kind: unknown): boolean => kinds.some((known) => known === kind);
