import type { ProjectFiles, SourceDocument } from '../model/project.ts';

const kindOf = ({ value }: SourceDocument): unknown =>
  typeof value === 'object' && value !== null ? (value as { readonly kind?: unknown }).kind : undefined;

/** What sources and catalogs say. Mappings may be wrong: what they lack may be what `etl discover` looks for. */
export function sourcesOnly({ documents, unread, ...files }: ProjectFiles): ProjectFiles {
  return {
    ...files,
    documents: documents.filter((one) =>
      ['project', 'source', 'connector', 'catalog'].includes(String(kindOf(one))),
    ),
    unread: unread.filter(({ file }) => /^(etl\.yml$|(sources|connectors|catalogs)\/)/.test(file)),
  };
}
