/**
 * Who may import whom. One arrow: read → validate → compile → execute → report; `model` below it, `cli` above it.
 * The files under test/support/planted/ break these rules; test/direction.test.ts proves that each is named.
 */
const phases = ['read', 'validate', 'compile', 'execute', 'report'];
const steps = 'extract|map|stage|check|load';

/** Every npm package of the engine has a home: the only folders that may import it. */
const homes = {
  '@oclif/core': ['engine/cli'],
  yaml: ['engine/read'],
  ajv: ['engine/validate'],
  'ajv-formats': ['engine/validate'],
  'fastest-levenshtein': ['engine/validate'],
  handlebars: ['engine/compile', 'engine/execute/map'],
  jsonata: ['engine/compile', 'engine/execute/map', 'engine/execute/extract', 'engine/lab'],
  luxon: ['engine/execute/map', 'engine/services'],
  croner: ['engine/validate', 'engine/operations'],
  'cli-table3': ['engine/report'],
  marked: ['engine/report'],
  'csv-parse': ['engine/lab'],
  '@duckdb/node-api': ['engine/services'],
  '@photostructure/sqlite': ['engine/services'],
  '@opentelemetry/api': ['engine/services'],
  '@opentelemetry/sdk-metrics': ['engine/services'],
  '@opentelemetry/resources': ['engine/services'],
  '@opentelemetry/exporter-prometheus': ['engine/services'],
  '@opentelemetry/exporter-metrics-otlp-http': ['engine/services'],
  ioredis: ['engine/services'],
  jose: ['engine/execute/extract', 'engine/lab'],
  mysql2: ['engine/services'],
  pg: ['engine/services'],
  yauzl: ['engine/execute/map'],
  'pg-copy-streams': ['engine/services'],
  sequelize: ['engine/services'],
  'snowflake-sdk': ['engine/services'],
  umzug: ['engine/services'],
  undici: ['engine/services'],
};

const packages = (...names) =>
  `(?:^|/)node_modules/(?:@types/)?(?:${names.join('|')})/|^(?:${names.join('|')})$`;

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** A folder of the engine that sees itself and the model, nothing else of ours. */
const onlyModel = (folder) =>
  rule(
    `${folder}-imports-only-model`,
    `engine/${folder} imports engine/model and itself. Phases meet in engine/engine.ts; engine/cli wires the rest.`,
    { path: `^engine/${folder}/` },
    { path: `^(?:engine|connectors)/`, pathNot: `^engine/(?:model|${folder})/` },
  );

const home = ([name, folders]) =>
  rule(
    `${name}-has-one-home`,
    `Only ${folders.join(' and ')} may import ${name}.`,
    { path: `^(?:engine|connectors)/`, pathNot: `^(?:${folders.join('|')})/` },
    { path: packages(name) },
  );

module.exports = {
  forbidden: [
    rule(
      'model-imports-nothing',
      'engine/model holds nouns: it imports no other folder and no package.',
      { path: `^engine/model/` },
      { pathNot: `^engine/model/`, dependencyTypesNot: ['core'], couldNotResolve: false },
    ),
    rule(
      'model-uses-node-types-only',
      'engine/model does nothing: of Node it may name types.',
      { path: `^engine/model/` },
      { dependencyTypes: ['core'], dependencyTypesNot: ['type-only'] },
    ),
    ...[...phases, 'operations', 'services', 'lab'].map(onlyModel),
    rule(
      'connectors-import-only-model',
      'connectors/ imports engine/model and itself; the engine pulls it through a port.',
      { path: `^connectors/` },
      { path: `^engine/`, pathNot: `^engine/model/` },
    ),
    rule(
      'engine-imports-only-phases',
      'engine/engine.ts is the arrow: it imports the phases and engine/model.',
      { path: `^engine/[^/]+$` },
      { pathNot: `^engine/(?:model|${phases.join('|')})/`, couldNotResolve: false },
    ),
    rule(
      'steps-do-not-meet',
      'A step of execute imports engine/model and its own folder.',
      { path: `^engine/execute/(${steps})/` },
      { path: `^engine/execute/`, pathNot: `^engine/execute/$1/` },
    ),
    rule(
      'steps-meet-in-execute-and-worker',
      'Only execute.ts and worker.ts import the steps.',
      { path: `^engine/execute/[^/]+$`, pathNot: `^engine/execute/(?:execute|worker)\\.ts$` },
      { path: `^engine/execute/(?:${steps})/` },
    ),
    rule(
      'compile-does-no-io',
      'engine/compile is pure: of Node it may use what computes, never what reads, sends or waits.',
      { path: `^engine/compile/` },
      { dependencyTypes: ['core'], pathNot: '^(?:node:)?(?:assert|buffer|crypto|util)(?:/|$)' },
    ),
    rule(
      'lab-imports-no-limiter',
      'The lab is the other side: it counts what a limiter lets through, so it shares no code with one.',
      { path: `^engine/lab/` },
      { path: 'limiter' },
    ),
    ...Object.entries(homes).map(home),
    rule(
      'packages-have-a-home',
      'A package that the engine imports is listed with its home folder in .dependency-cruiser.cjs.',
      { path: `^(?:engine|connectors)/` },
      {
        dependencyTypesNot: ['core', 'local'],
        couldNotResolve: false,
        pathNot: packages(...Object.keys(homes)),
      },
    ),
    rule(
      'engine-imports-no-tests',
      'What is shipped does not import what tests it.',
      { path: `^(?:engine|connectors)/` },
      { path: '^(?:test|bench)/' },
    ),
    rule('no-cycles', 'Modules that import each other are one module.', {}, { circular: true }),
    rule(
      'no-orphans',
      'A module that imports nothing and that nothing imports is dead.',
      { orphan: true, pathNot: '\\.d\\.ts$' },
      {},
    ),
    rule('no-unresolvable', 'An import that leads nowhere.', {}, { couldNotResolve: true }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(?:dist|test/support/planted|test/servers)/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
    },
  },
};
