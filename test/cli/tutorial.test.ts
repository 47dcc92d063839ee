import { expect } from 'chai';
import { performPage } from '../support/page-steps.ts';
import { text } from '../support/root.ts';

describe('docs/tutorial.md', function () {
  this.timeout(300_000);

  it('does what it says, command by command', async () => {
    const said = await performPage(text('docs/tutorial.md'));
    expect(said.get('etl test')).to.contain("row 1, sku: expected 'MUG', found 'mug' (string)");
    expect(said.get('etl plan --lab --select state:modified')).to.contain('new column currency');
    expect(said.get('etl replay --base main --lab')).to.match(/^ {2}sku: .*\n {2}currency: new column/m);
    expect(said.get('etl audit --lab')).to.contain('Accounted for: 100 % of 7 units.');
  });
});

describe('docs/connectors.md', function () {
  this.timeout(300_000);

  it('does what it says, command by command', async () => {
    const said = await performPage(text('docs/connectors.md'));
    expect(said.get('etl show --resolved shopify')).to.contain('size: 100 # sources/shopify.yml:7');
    expect(said.get('etl connector check ./connectors/helpdesk')).to.contain('./connectors/helpdesk: passed');
    expect(said.get('etl preview tickets --warehouse --lab')).to.contain('9007199254740993');
    expect(said.get('etl run --lab --select helpdesk.tickets+')).to.match(/helpdesk\.tickets +1 +1 /);
  });
});
