import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { complaint, RefusedError } from '../../model/errors.ts';
import { exitCodes } from '../../report/exit-code.ts';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { writeEditorSchema } from '../editor-schema.ts';
import { filesBelow } from '../files-below.ts';
import { connectedText, writeConnected } from '../init-connector.ts';
import { packageFolder, version } from '../package.ts';
import { type FoundConnector, packagedConnector } from '../packaged-connectors.ts';

const platforms = ['github', 'gitlab'] as const;
type Platform = (typeof platforms)[number];

const workflowFiles: { readonly [platform in Platform]: string } = {
  github: '.github/workflows/etl.yml',
  gitlab: '.gitlab-ci.yml',
};

const projectParts = ['etl.yml', 'sources', 'mappings', 'lab', 'tests'];

export default class Init extends BaseCommand {
  static override readonly summary = 'Make a project that validates and runs in the lab.';
  static override readonly examples = [
    '<%= config.bin %> init shop',
    'cd shop && <%= config.bin %> run --lab',
    '<%= config.bin %> init shop --connector shopify',
    '<%= config.bin %> init --ci github',
  ];
  static override readonly args = {
    folder: Args.string({ description: 'Folder to make the project in.', default: '.' }),
  };
  static override readonly flags = {
    json: commonFlags.json,
    connector: Flags.string({
      description: 'Read a packaged connector, with mappings to begin with; `etl connector list` names them.',
      helpValue: 'NAME',
    }),
    ci: Flags.option({
      options: platforms,
      description:
        'Add a workflow that checks pull requests: to a project that is there already, or to the new one.',
    })(),
  };

  protected override async perform(): Promise<Outcome> {
    const { args, flags } = await this.parse(Init);
    const folder = resolve(args.folder);
    const name = basename(folder)
      .replace(/[^A-Za-z0-9_]+/g, '_')
      .replace(/^(?=\d)/, '_');
    const isNew = flags.ci === undefined || !existsSync(join(folder, 'etl.yml'));
    const connector = flags.connector === undefined ? undefined : await packagedConnector(flags.connector);
    if (isNew) refuseExisting(folder, projectParts);
    if (flags.ci !== undefined) refuseExisting(folder, [workflowFiles[flags.ci]]);
    const files = [
      ...(isNew ? scaffold(folder, name, connector) : []),
      ...(flags.ci === undefined ? [] : writeWorkflow(folder, flags.ci)),
    ];
    if (isNew) writeEditorSchema(folder);
    const next = [
      ...(isNew ? ['etl validate', 'etl run --lab'] : []),
      ...(flags.ci === undefined
        ? []
        : [`read the first lines of ${workflowFiles[flags.ci]}, and commit it`]),
    ];
    const text = [...files.map((file) => `made ${file}`), '', ...nextLines(folder, next)].join('\n');
    return { exitCode: exitCodes.ok, result: { folder, name, files }, diagnostics: [], text };
  }
}

function nextLines(folder: string, steps: readonly string[]): readonly string[] {
  const here = relative(process.cwd(), folder);
  return ['Next:', ...(here === '' ? [] : [`cd ${here}`]), ...steps].map((line, at) =>
    at === 0 ? line : `  ${line}`,
  );
}

/** Nothing of a user's is ever overwritten. */
function refuseExisting(folder: string, parts: readonly string[]): void {
  const taken = parts.filter((name) => existsSync(join(folder, name)));
  if (taken.length === 0) return;
  throw new RefusedError('refused', [
    complaint(
      'ETL0904',
      `${folder} already has ${taken.join(', ')}`,
      'Choose another folder: `etl init FOLDER`. Nothing was written.',
    ),
  ]);
}

/** The workflow of a platform, and the package that its first step installs, where the folder names none yet. */
function writeWorkflow(folder: string, platform: Platform): readonly string[] {
  const file = workflowFiles[platform];
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  cpSync(join(packageFolder, 'templates', 'init', 'ci', `${platform}.yml`), join(folder, file));
  if (existsSync(join(folder, 'package.json'))) return [file];
  const manifest = { private: true, devDependencies: { 'sluice-etl': version } };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return [file, 'package.json'];
}

function scaffold(folder: string, name: string, connector: FoundConnector | undefined): readonly string[] {
  const template = join(packageFolder, 'templates', 'init');
  mkdirSync(folder, { recursive: true });
  const shared = ['README.md', join('.vscode', 'settings.json'), join('.vscode', 'extensions.json')];
  const kept = shared.filter((file) => existsSync(join(folder, file)));
  const replaced = connector === undefined ? [] : ['sources', 'mappings', 'lab', 'tests'];
  const left = [...kept, ...replaced, 'ci'];
  cpSync(template, folder, { recursive: true, filter: (from) => !left.includes(relative(template, from)) });
  // npm leaves a file named .gitignore out of packages, so the template's has another name.
  if (existsSync(join(folder, '.gitignore'))) {
    kept.push('.gitignore');
    rmSync(join(folder, 'gitignore'));
  } else renameSync(join(folder, 'gitignore'), join(folder, '.gitignore'));
  const copied = filesBelow(template)
    .map((file) => file.replace(/^gitignore$/, '.gitignore'))
    .filter((file) => !kept.includes(file) && !left.includes(file.split('/')[0] ?? ''));
  const own = connector === undefined ? [] : writeConnected(folder, connector);
  const files = [...new Set([...copied, ...own])].sort();
  for (const file of files) {
    const path = join(folder, file);
    const text = readFileSync(path, 'utf8');
    const own = connector === undefined ? text : connectedText(text, file, connector);
    writeFileSync(path, own.replaceAll('__NAME__', name));
  }
  return files;
}
