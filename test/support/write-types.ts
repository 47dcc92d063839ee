import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configTypes } from './config-types.ts';
import { root, text } from './root.ts';

writeFileSync(join(root, 'engine/model/config.ts'), await configTypes(JSON.parse(text('schema.json'))));
