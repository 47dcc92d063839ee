import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import { root } from './support/root.ts';

/** What each planted file breaks, as dependency-cruiser names it. */
const planted: Record<string, string> = {
  'a phase that the model imports': 'model-imports-nothing: engine/model/plan.ts',
  'a Node module that the model calls': 'model-uses-node-types-only: engine/model/clock.ts',
  'a phase that imports another phase': 'validate-imports-only-model: engine/validate/validate.ts',
  'a compiler that reads files': 'compile-does-no-io: engine/compile/compile.ts',
  'a command line outside engine/cli': '@oclif/core-has-one-home: engine/operations/audit.ts',
  'a step that imports another step': 'steps-do-not-meet: engine/execute/map/map.ts',
  'a step met outside execute.ts': 'steps-meet-in-execute-and-worker: engine/execute/pool.ts',
  'a vendor package outside its home': 'sequelize-has-one-home: engine/execute/stage/stage.ts',
  'a package without a home': 'packages-have-a-home: engine/services/clock.ts',
  'a lab that imports another folder': 'lab-imports-only-model: engine/lab/provider.ts',
  'a lab that shares the limiter': 'lab-imports-no-limiter: engine/lab/provider.ts',
  'an arrow that imports an adapter': 'engine-imports-only-phases: engine/engine.ts',
  'a connector that imports the engine': 'connectors-import-only-model: connectors/shop/shop.ts',
  'modules that import each other': 'no-cycles: engine/report/json.ts',
  'a module that nothing imports': 'no-orphans: engine/report/orphan.ts',
  'an import that leads nowhere': 'no-unresolvable: engine/report/lost.ts',
};

function cruise(): { status: number | null; violations: string[] } {
  const bin = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const config = join(root, '.dependency-cruiser.cjs');
  const { status, stdout } = spawnSync(process.execPath, [bin, '--config', config, 'engine', 'connectors'], {
    cwd: join(root, 'test/support/planted'),
    encoding: 'utf8',
    env: { ...process.env, FORCE_COLOR: '0' },
  });
  return { status, violations: [...stdout.matchAll(/^ *error (\S+: \S+)/gm)].map(([, named]) => named!) };
}

describe('the direction rules', () => {
  let cruised: ReturnType<typeof cruise>;
  before(() => {
    cruised = cruise();
  });

  for (const [what, violation] of Object.entries(planted)) {
    it(`name ${what}`, () => {
      expect(cruised.violations).to.include(violation);
    });
  }

  it('name nothing that is allowed', () => {
    expect(cruised.violations).to.have.members(Object.values(planted));
  });

  it('fail the check', () => {
    expect(cruised.status).to.be.greaterThan(0);
  });
});
