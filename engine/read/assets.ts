import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const ending = '.sql.hbs';

async function dialectTemplates(folder: string, dialect: string): Promise<[string, string][]> {
  const names = (await readdir(join(folder, dialect))).filter((name) => name.endsWith(ending)).sort();
  return Promise.all(
    names.map(
      async (name): Promise<[string, string]> => [
        `${dialect}/${name.slice(0, -ending.length)}`,
        await readFile(join(folder, dialect, name), 'utf8'),
      ],
    ),
  );
}

/** What comes with the package: schema.json and the warehouse templates by `dialect/name`. */
export async function readAssets(
  folder: string,
): Promise<{ readonly schema: unknown; readonly templates: { readonly [name: string]: string } }> {
  const schema: unknown = JSON.parse(await readFile(join(folder, 'schema.json'), 'utf8'));
  const entries = await readdir(join(folder, 'templates'), { withFileTypes: true }).catch(() => []);
  const dialects = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const found = await Promise.all(
    dialects.map((dialect) => dialectTemplates(join(folder, 'templates'), dialect)),
  );
  return { schema, templates: Object.fromEntries(found.flat()) };
}
