import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadCommands } from '../../engine/cli/commands.ts';
import { commandFacts } from '../../engine/cli/docs-sources.ts';
import { commandsPage } from './commands-page.ts';
import { configTypes } from './config-types.ts';
import { withConnectorKeys } from './connector-schema.ts';
import { referencePage } from './reference-page.ts';
import { root, text } from './root.ts';

await loadCommands('');
const schema = withConnectorKeys(JSON.parse(text('schema.json'))) as unknown as Parameters<
  typeof configTypes
>[0] &
  Parameters<typeof referencePage>[0];
writeFileSync(join(root, 'schema.json'), `${JSON.stringify(schema, null, 2)}\n`);
spawnSync('npx', ['biome', 'format', '--write', 'schema.json'], { cwd: root, stdio: 'inherit' });
writeFileSync(join(root, 'engine/model/config.ts'), await configTypes(schema));
writeFileSync(join(root, 'docs/reference.md'), referencePage(schema));
writeFileSync(join(root, 'docs/commands.md'), commandsPage(commandFacts()));
