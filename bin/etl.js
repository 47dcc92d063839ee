#!/usr/bin/env node
import module from 'node:module';

// Node 22.8 and later keep what they compile, so that the next start is faster. Coverage would become less exact.
if (process.env.NODE_V8_COVERAGE === undefined) module.enableCompileCache?.();
const { main } = await import('../dist/engine/cli/main.js');

await main(process.argv.slice(2), import.meta.url);
