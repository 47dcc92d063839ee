import { expect } from 'chai';
import { text } from './support/root.ts';
import { untold } from './support/schema-keys.ts';
import { escapesTypes, holdsSql } from './support/syntax.ts';
import { sources, tree, withText } from './support/tree.ts';

const code = sources('engine', 'connectors', 'bench');
const linesMax = 300;
const generated = /^\/\/ Made from .* Do not edit\.\n/;
const toDo = /\b(?:TO-?DO|FIX-?ME)\b(?! ?\([^)]+\))/;
const machinePath = /(?<![\w.)}\]])(?:\/(?:home|Users|root)\/|[A-Z]:\\Users\\)\w/;

interface Mocharc {
  readonly spec: string | readonly string[];
  readonly ignore?: readonly string[];
}

describe('the folders', () => {
  for (const phase of ['read', 'validate', 'compile', 'execute', 'report']) {
    it(`give the phase ${phase} its conductor`, () => {
      expect(tree).to.include(`engine/${phase}/${phase}.ts`);
    });
  }

  for (const step of ['extract', 'map', 'stage', 'check', 'load']) {
    it(`give the step ${step} its conductor`, () => {
      expect(tree).to.include(`engine/execute/${step}/${step}.ts`);
    });
  }

  it('keep engine.ts alone at the top of the engine', () => {
    expect(tree.filter((path) => /^engine\/[^/]+$/.test(path))).to.deep.equal(['engine/engine.ts']);
  });

  it('have every test run: alone, or beside others, and once', () => {
    const configs = ['.mocharc.alone.json', '.mocharc.json'].map((file) => JSON.parse(text(file)) as Mocharc);
    // Mocha warns of a pattern that finds nothing, and goes on: without braces it means what it says.
    const matches = (pattern: string, path: string): boolean => {
      const [folder = '', rest] = pattern.split('/**');
      return rest === undefined ? path === pattern : path.startsWith(`${folder}/`);
    };
    const built = tree
      .filter((path) => /^test\/.*\.test\.ts$/.test(path))
      .map((path) => `dist/${path.replace(/ts$/, 'js')}`);
    const times = built.map((path) => {
      const runs = configs.filter(
        ({ spec, ignore = [] }) =>
          [spec].flat().some((pattern) => matches(pattern, path)) &&
          !ignore.some((pattern) => matches(pattern, path)),
      );
      return { path, runs: runs.length };
    });
    expect(times.filter(({ runs }) => runs !== 1)).to.deep.equal([]);
    const patterns = configs.flatMap(({ spec, ignore = [] }) => [...[spec].flat(), ...ignore]);
    const idle = patterns.filter((pattern) => !built.some((path) => matches(pattern, path)));
    expect([...idle, ...patterns.filter((pattern) => pattern.includes('{'))]).to.deep.equal([]);
  });

  it('name every source file in kebab-case', () => {
    const kebab = /\/[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test)?\.ts$/;
    expect(
      sources('engine', 'connectors', 'bench', 'test').filter((path) => !kebab.test(path)),
    ).to.deep.equal([]);
  });

  it('give every connector a README', () => {
    const connectors = tree.flatMap((path) => /^connectors\/[^/]+(?=\/)/.exec(path) ?? []);
    expect(connectors.filter((folder) => !tree.includes(`${folder}/README.md`))).to.deep.equal([]);
  });
});

describe('the sources', () => {
  it(`have at most ${linesMax} lines a file, unless they are generated`, () => {
    const long = (content: string) =>
      content.trimEnd().split('\n').length > linesMax && !generated.test(content);
    expect(withText(code, long)).to.deep.equal([]);
  });

  it('never escape the type checker', () => {
    expect(withText([...code, ...sources('test')], escapesTypes)).to.deep.equal([]);
  });

  it('hold no SQL in strings outside the services', () => {
    const free = code.filter((path) => path.startsWith('engine/') && !path.startsWith('engine/services/'));
    expect(withText(free, holdsSql)).to.deep.equal([]);
  });

  it('explain every to-do in parentheses', () => {
    const theirs = ['LICENSE', 'package-lock.json'];
    const ours = tree.filter((path) => !theirs.includes(path));
    expect(withText(ours, (content) => toDo.test(content))).to.deep.equal([]);
  });

  it('name no path of a machine', () => {
    expect(withText(tree, (content) => machinePath.test(content))).to.deep.equal([]);
  });
});

describe('schema.json', () => {
  it('describes every key, and shows an example or a default of every scalar', () => {
    expect(untold(JSON.parse(text('schema.json')))).to.deep.equal([]);
  });
});

describe('the tidy checks', () => {
  it('see a key without description and a scalar without example, through references', () => {
    const schema = {
      properties: { kind: { const: 'project' } },
      definitions: {
        Rate: { type: 'string', description: 'A rate.' },
        Limit: {
          properties: {
            id: { type: 'string', description: 'Its name.', examples: ['rest'] },
            rate: { allOf: [{ $ref: '#/definitions/Rate' }] },
            buckets: {
              type: 'array',
              items: { properties: { burst: { type: ['integer', 'null'], default: 1 } } },
            },
          },
        },
      },
    };
    expect(untold(schema)).to.deep.equal([
      '(root).kind: no description',
      '(root).kind: neither an example nor a default',
      'Limit.rate: neither an example nor a default',
      'Limit.buckets: no description',
      'Limit.buckets[].burst: no description',
    ]);
  });

  it('see an escape in code, not in strings and comments', () => {
    const escapes = ['let a: any;', 'f(b as any);', 'let c: Set<any>;', '// @ts-' + 'ignore'];
    const harmless = ["const a = 'status: any';", '// headers: any of them', 'const any = 1;'];
    expect(escapes.filter(escapesTypes)).to.deep.equal(escapes);
    expect(harmless.filter(escapesTypes)).to.deep.equal([]);
  });

  it('see a statement in a string, not in a comment or a message', () => {
    const statements = [
      "const a = 'SELECT id FROM t';",
      'const b = `MERGE INTO $' + '{table} USING s`;',
      'const c = `SELECT a,\n  b FROM t`;',
    ];
    const harmless = ['// MERGE INTO needs a key', "const d = 'Select the shop from the list';"];
    expect(statements.filter(holdsSql)).to.deep.equal(statements);
    expect(harmless.filter(holdsSql)).to.deep.equal([]);
  });

  it('see a to-do without a reason and the home folder of a person', () => {
    const bare = ['TO', 'DO'].join('');
    expect(toDo.test(`// ${bare}: later`)).to.equal(true);
    expect(toDo.test(`// ${bare} (the server sends no length): later`)).to.equal(false);
    expect(machinePath.test(['', 'home', 'ada', 'sluice'].join('/'))).to.equal(true);
    expect(machinePath.test('https://example.com/home/ada')).to.equal(false);
  });
});
