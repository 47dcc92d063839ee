import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkProject, printed } from '../support/check-project.ts';
import { root, text } from '../support/root.ts';

const folder = join(root, 'test/projects');

/** What a project's diagnostics look like, and whether it can be planned. */
async function outcome(name: string): Promise<string> {
  const option = join(folder, name, 'environment.txt');
  const environment = existsSync(option) ? readFileSync(option, 'utf8').trim() : undefined;
  const { project, diagnostics } = await checkProject(join(folder, name), environment);
  const end = project === undefined ? '' : `project ${project.name} in ${project.environment}\n`;
  return printed(diagnostics).replaceAll(join(folder, name), 'FOLDER') + end;
}

describe('projects with mistakes', () => {
  for (const name of readdirSync(folder)) {
    it(`reports ${name.replaceAll('-', ' ')} exactly as expected`, async () => {
      const found = await outcome(name);
      const expected = join(folder, name, 'expected.txt');
      // Run once with UPDATE_EXPECTED=1 and read the difference before committing it.
      if (process.env['UPDATE_EXPECTED'] === '1') writeFileSync(expected, found);
      expect(found).to.equal(readFileSync(expected, 'utf8'));
    });
  }

  it('reports four mistakes of one project as four diagnostics', async () => {
    const { diagnostics } = await checkProject(join(folder, 'four-mistakes'));
    expect(diagnostics.map(({ code, place }) => `${code} ${place?.file}:${place?.line}`)).to.deep.equal([
      'ETL0201 mappings/orders.yml:3',
      'ETL0103 sources/orders.yml:7',
      'ETL0104 sources/orders.yml:11',
      'ETL0102 sources/orders.yml:13',
    ]);
  });

  it('shows a secret in no part of any diagnostic', async () => {
    const { diagnostics } = await checkProject(join(folder, 'plain-secret'));
    expect(diagnostics.filter(({ code }) => code === 'ETL0110')).to.have.length.above(4);
    expect(JSON.stringify(diagnostics)).not.to.contain('hunter2');
  });

  it('leaves nothing of the source lines untouched but secrets', () => {
    const expected = text('test/projects/plain-secret/expected.txt');
    expect(expected).to.contain('auth: {type: basic, username: hunter, password: ****');
  });
});
