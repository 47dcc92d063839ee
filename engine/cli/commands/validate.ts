import { resolve } from 'node:path';
import { check } from '../../engine.ts';
import { hasErrors } from '../../model/diagnostic.ts';
import { exitCodes } from '../../report/exit-code.ts';
import { fileCases } from '../../report/junit-text.ts';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { refreshEditorSchema } from '../editor-schema.ts';
import { packageFolder } from '../package.ts';

export default class Validate extends BaseCommand {
  static override readonly summary = 'Check every file of the project; needs neither network nor secrets.';
  static override readonly description =
    'Reports all findings at once, each with its place and what to do. Exit code 3 when there is an error.';
  static override readonly examples = [
    '<%= config.bin %> validate',
    '<%= config.bin %> validate --project shop --format github',
  ];
  static override readonly flags = commonFlags;

  protected override async perform(): Promise<Outcome> {
    const { flags } = await this.parse(Validate);
    const { files, project, diagnostics } = await check(resolve(flags.project), packageFolder, flags.env);
    if (project !== undefined) refreshEditorSchema({ files, project });
    const failed = project === undefined || hasErrors(diagnostics);
    const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
    const warnings = diagnostics.length - errors;
    const found = project && {
      project: project.name,
      environment: project.environment,
      sources: project.sources.length,
      streams: project.sources.reduce((sum, source) => sum + Object.keys(source.streams).length, 0),
      mappings: project.mappings.length,
    };
    const what =
      found &&
      `${found.project}: ${some(found.sources, 'source')}, ${some(found.streams, 'stream')}, ${some(found.mappings, 'mapping')}`;
    return {
      exitCode: failed ? exitCodes.invalid : exitCodes.ok,
      result: failed ? null : found,
      diagnostics,
      cases: fileCases(
        files.documents.map(({ file }) => file),
        diagnostics,
      ),
      text: failed
        ? `${some(errors, 'error')}, ${some(warnings, 'warning')}.`
        : `${what}. ${warnings === 0 ? 'All fine.' : `${some(warnings, 'warning')}.`}`,
    };
  }
}

const some = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
