import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandFacts } from '../../engine/cli/docs-sources.ts';
import { commandsPage } from './commands-page.ts';
import { configTypes } from './config-types.ts';
import { referencePage } from './reference-page.ts';
import { root, text } from './root.ts';

const schema = JSON.parse(text('schema.json'));
writeFileSync(join(root, 'engine/model/config.ts'), await configTypes(schema));
writeFileSync(join(root, 'docs/reference.md'), referencePage(schema));
writeFileSync(join(root, 'docs/commands.md'), commandsPage(await commandFacts()));
