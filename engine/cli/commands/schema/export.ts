import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { exitCodes } from '../../../report/exit-code.ts';
import { BaseCommand, commonFlags, type Outcome } from '../../base-command.ts';
import { editorSchema } from '../../editor-schema.ts';

export default class SchemaExport extends BaseCommand {
  static override readonly summary = 'The JSON schema of project files, with the names of this project.';
  static override readonly description =
    'Editors offer its streams, mappings, columns, tags and environments where they belong. `etl validate` keeps the same in `.etl/schema.json`, where modelines look for it.';
  static override readonly examples = [
    '<%= config.bin %> schema export > schema.json',
    '<%= config.bin %> schema export --out .vscode/sluice.schema.json',
  ];
  static override readonly flags = {
    ...commonFlags,
    out: Flags.string({ description: 'Write it to a file.', helpValue: 'FILE' }),
  };

  protected override async perform(): Promise<Outcome> {
    const { flags } = await this.parse(SchemaExport);
    const checked = await this.project(flags);
    const schema = editorSchema(checked);
    const { diagnostics } = checked;
    if (flags.out === undefined)
      return { exitCode: exitCodes.ok, result: JSON.parse(schema), diagnostics, text: schema.trimEnd() };
    const file = resolve(flags.out);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, schema);
    return { exitCode: exitCodes.ok, result: { file }, diagnostics, text: `wrote ${flags.out}` };
  }
}
