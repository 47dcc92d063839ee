import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Command } from '@oclif/core';
import type { CommandFacts, FlagFacts } from '../operations/docs/command-topics.ts';
import type { DocsSources } from '../operations/docs/topics.ts';
import { commands } from './loaded-commands.ts';
import { packageFolder } from './package.ts';

/** What the documentation of this version is made of. */
export function docsSources(): DocsSources {
  const folder = join(packageFolder, 'docs');
  const files = readdirSync(folder).filter((file) => file.endsWith('.md'));
  return {
    pages: new Map(files.map((file) => [basename(file, '.md'), readFileSync(join(folder, file), 'utf8')])),
    schema: JSON.parse(readFileSync(join(packageFolder, 'schema.json'), 'utf8')),
    commands: commandFacts(),
  };
}

/** What the commands say of themselves that are loaded. */
export const commandFacts = (): readonly CommandFacts[] =>
  Object.entries(commands)
    .map(([id, command]) => factsOf(id.replaceAll(':', ' '), command))
    .sort((a, b) => (a.name < b.name ? -1 : 1));

const factsOf = (name: string, command: Command.Class): CommandFacts => ({
  name,
  summary: command.summary ?? '',
  description: command.description ?? '',
  examples: (command.examples ?? []).map((example) =>
    (typeof example === 'string' ? example : example.command).replaceAll('<%= config.bin %>', 'etl'),
  ),
  args: Object.entries(command.args).map(([arg, { description = '', required = false }]) => ({
    name: arg,
    description,
    isRequired: required,
  })),
  flags: Object.entries(command.flags).map(([flag, definition]) => flagFacts(flag, definition)),
});

type Flag = Command.Class['flags'][string];

function flagFacts(name: string, flag: Flag): FlagFacts {
  const value = placeholderOf(name, flag);
  return {
    name: flag.type === 'boolean' && flag.allowNo === true ? `[no-]${name}` : name,
    description: flag.description ?? flag.summary ?? '',
    isRequired: flag.required ?? false,
    ...(flag.char !== undefined && { char: flag.char }),
    ...(value !== undefined && { value }),
    ...(['string', 'number'].includes(typeof flag.default) && { default: String(flag.default) }),
  };
}

function placeholderOf(name: string, flag: Flag): string | undefined {
  if (flag.type === 'boolean') return undefined;
  return flag.options?.join('|') ?? ([flag.helpValue].flat()[0] || name.toUpperCase());
}
