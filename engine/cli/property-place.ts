import type { Blocker } from '../model/blocker.ts';
import type { SourceDocument } from '../model/project.ts';

/** Where the property of a Blocker is declared, or else its mapping: `mappings/order_lines.yml:14`. */
export function propertyPlace(
  documents: readonly SourceDocument[],
  { mapping, property }: Blocker,
): string | undefined {
  const document = documents.find(({ value }) => {
    const own = value as { readonly kind?: unknown; readonly name?: unknown } | null;
    return own?.kind === 'mapping' && own.name === mapping;
  });
  if (document === undefined) return undefined;
  const node = document.nodes.get(`/properties/${property}`);
  if (node === undefined) return document.file;
  // It may be a property of a file that the mapping uses.
  const { file, line } = node.key ?? node.value;
  return `${file}:${line}`;
}
