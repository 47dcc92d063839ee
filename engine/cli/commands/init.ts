import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { Args } from '@oclif/core';
import { complaint, RefusedError } from '../../model/errors.ts';
import { exitCodes } from '../../report/exit-code.ts';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { writeEditorSchema } from '../editor-schema.ts';
import { packageFolder } from '../package.ts';

export default class Init extends BaseCommand {
  static override readonly summary = 'Make a project that validates and runs in the lab.';
  static override readonly examples = [
    '<%= config.bin %> init shop',
    'cd shop && <%= config.bin %> run --lab',
  ];
  static override readonly args = {
    folder: Args.string({ description: 'Folder to make the project in.', default: '.' }),
  };
  static override readonly flags = { json: commonFlags.json };

  protected override async perform(): Promise<Outcome> {
    const { args } = await this.parse(Init);
    const folder = resolve(args.folder);
    const name = basename(folder)
      .replace(/[^A-Za-z0-9_]+/g, '_')
      .replace(/^(?=\d)/, '_');
    refuseExisting(folder);
    const files = scaffold(folder, name);
    writeEditorSchema(folder);
    const here = relative(process.cwd(), folder);
    const go = here === '' ? [] : [`  cd ${here}`];
    const text = [
      ...files.map((file) => `made ${file}`),
      '',
      'Next:',
      ...go,
      '  etl validate',
      '  etl run --lab',
    ].join('\n');
    return { exitCode: exitCodes.ok, result: { folder, name, files }, diagnostics: [], text };
  }
}

/** Nothing of a user's is ever overwritten. */
function refuseExisting(folder: string): void {
  const taken = ['etl.yml', 'sources', 'mappings', 'lab', 'tests'].filter((name) =>
    existsSync(join(folder, name)),
  );
  if (taken.length === 0) return;
  throw new RefusedError('refused', [
    complaint(
      'ETL0904',
      `${folder} already has ${taken.join(', ')}`,
      'Choose another folder: `etl init FOLDER`.',
    ),
  ]);
}

function scaffold(folder: string, name: string): readonly string[] {
  const template = join(packageFolder, 'templates', 'init');
  mkdirSync(folder, { recursive: true });
  const shared = ['README.md', join('.vscode', 'settings.json'), join('.vscode', 'extensions.json')];
  const kept = shared.filter((file) => existsSync(join(folder, file)));
  cpSync(template, folder, { recursive: true, filter: (from) => !kept.includes(relative(template, from)) });
  // npm leaves a file named .gitignore out of packages, so the template's has another name.
  if (existsSync(join(folder, '.gitignore'))) {
    kept.push('.gitignore');
    rmSync(join(folder, 'gitignore'));
  } else renameSync(join(folder, 'gitignore'), join(folder, '.gitignore'));
  const files = readdirSync(template, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      relative(template, join(entry.parentPath, entry.name)).replace(/^gitignore$/, '.gitignore'),
    )
    .filter((file) => !kept.includes(file))
    .sort();
  for (const file of files) {
    const path = join(folder, file);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('__NAME__', name));
  }
  return files;
}
