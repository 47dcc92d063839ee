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

interface Assets {
  readonly schema: unknown;
  readonly templates: { readonly [name: string]: string };
}

async function readAll(folder: string): Promise<Assets> {
  const schema: unknown = JSON.parse(await readFile(join(folder, 'schema.json'), 'utf8'));
  const entries = await readdir(join(folder, 'templates'), { withFileTypes: true }).catch(() => []);
  const dialects = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const found = await Promise.all(
    dialects.map((dialect) => dialectTemplates(join(folder, 'templates'), dialect)),
  );
  return { schema, templates: Object.fromEntries(found.flat()) };
}

const read = new Map<string, Promise<Assets>>();

/**
 * What comes with the package: schema.json and the warehouse templates by `dialect/name`. They are read once: to compile the
 * schema, as is done with each that is another object, costs more than most commands that a process performs after its first.
 */
export function readAssets(folder: string): Promise<Assets> {
  const known = read.get(folder);
  if (known !== undefined) return known;
  const assets = readAll(folder);
  read.set(folder, assets);
  assets.catch(() => read.delete(folder));
  return assets;
}
