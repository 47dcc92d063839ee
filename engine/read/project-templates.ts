import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProjectTemplate } from '../model/project.ts';

const ending = '.sql.hbs';
const folderName = 'templates';
const dialects = new Set(['duckdb', 'postgres', 'snowflake']);

/**
 * Templates that a project has in place of the package's: `templates/<dialect>/<name>.sql.hbs` for all mappings,
 * `templates/<dialect>/<mapping>/<name>.sql.hbs` for one. Other files may be there as well, but not among those of a dialect.
 */
export async function readProjectTemplates(folder: string): Promise<readonly ProjectTemplate[]> {
  const root = join(folder, folderName);
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .split(/[\\/]/),
    )
    .filter((parts) => parts.every((part) => !part.startsWith('.')))
    .filter(([dialect = '']) => dialects.has(dialect))
    .sort((a, b) => (a.join('/') < b.join('/') ? -1 : 1));
  return Promise.all(files.map((parts) => readTemplate(root, parts)));
}

async function readTemplate(root: string, parts: readonly string[]): Promise<ProjectTemplate> {
  const [dialect = '', ...rest] = parts;
  const last = rest.at(-1) ?? '';
  const isTemplate = last.endsWith(ending) && rest.length <= 2;
  return {
    file: [folderName, ...parts].join('/'),
    dialect,
    name: isTemplate ? last.slice(0, -ending.length) : rest.join('/'),
    ...(isTemplate && rest.length === 2 && { mapping: rest[0] ?? '' }),
    text: isTemplate ? await readFile(join(root, ...parts), 'utf8') : '',
  };
}
