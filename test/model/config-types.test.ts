import { expect } from 'chai';
import { configTypes } from '../support/config-types.ts';
import { withConnectorKeys } from '../support/connector-schema.ts';
import { referencePage } from '../support/reference-page.ts';
import { text } from '../support/root.ts';

describe('what is made from schema.json (npm run types makes it again)', () => {
  const schema = JSON.parse(text('schema.json'));

  it('are the types of the project files', async () => {
    expect(text('engine/model/config.ts')).to.equal(await configTypes(schema));
  });

  it('are the keys of connectors, and of sources that name one', () => {
    expect(withConnectorKeys(schema)).to.deep.equal(schema);
  });

  it('is the reference in docs', () => {
    expect(text('docs/reference.md')).to.equal(referencePage(schema));
  });
});
