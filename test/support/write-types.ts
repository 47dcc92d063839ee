import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadCommands } from '../../engine/cli/commands.ts';
import { commandFacts } from '../../engine/cli/docs-sources.ts';
import { commandsPage } from './commands-page.ts';
import { configTypes } from './config-types.ts';
import { referencePage } from './reference-page.ts';
import { root, text } from './root.ts';

await loadCommands('');
const schema = JSON.parse(text('schema.json'));
writeFileSync(join(root, 'engine/model/config.ts'), await configTypes(schema));
writeFileSync(join(root, 'docs/reference.md'), referencePage(schema));
writeFileSync(join(root, 'docs/commands.md'), commandsPage(commandFacts()));
