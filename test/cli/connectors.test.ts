import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { etl, projectFolder } from '../support/cli.ts';
import { root } from '../support/root.ts';

interface Envelope {
  readonly result: { readonly streams: readonly { readonly stream: string; readonly received: number }[] };
}

/** What a run in the lab receives of a stream. */
async function received(folder: string, stream: string): Promise<number> {
  const { code, stdout, stderr } = await etl(['run', '--lab', '--json', '-p', folder]);
  expect(code, stderr).to.equal(0);
  const { result } = JSON.parse(stdout) as Envelope;
  return result.streams.find((one) => one.stream === stream)?.received ?? 0;
}

const examples = (name: string, stream: string): readonly string[] =>
  readFileSync(join(root, 'connectors', name, 'examples', `${stream}.ndjson`), 'utf8')
    .trim()
    .split('\n');

describe('etl init --connector', () => {
  it('makes a project that validates, passes its tests, and runs in the lab on the examples of the connector', async () => {
    const folder = join(projectFolder({}), 'shop');
    expect((await etl(['init', folder, '--connector', 'shopify'])).code).to.equal(0);
    const validated = await etl(['validate', '-p', folder]);
    expect(validated.stdout).to.contain('All fine.');
    expect((await etl(['test', '-p', folder])).code).to.equal(0);
    expect(await received(folder, 'shopify.orders')).to.equal(examples('shopify', 'orders').length);
    // The lookback is read again; nothing else is.
    expect(await received(folder, 'shopify.orders')).to.be.lessThan(5);
  });

  for (const name of ['hubspot', 'etsy', 'shopify']) {
    it(`has mappings that fit what \`etl discover\` learns: ${name}`, async () => {
      const folder = join(projectFolder({}), 'shop');
      await etl(['init', folder, '--connector', name]);
      await etl(['run', '--lab', '-p', folder]);
      expect((await etl(['discover', name, '--lab', '-p', folder])).code).to.equal(0);
      const { stdout, stderr } = await etl(['validate', '-p', folder]);
      expect(stdout, stderr).to.contain('All fine.');
    });
  }

  it('has plans that tell for which records a stream is read', async () => {
    const folder = join(projectFolder({}), 'shop');
    await etl(['init', folder, '--connector', 'amazon-sp-api']);
    const { stdout } = await etl(['plan', '--lab', '-p', folder]);
    expect(stdout).to.contain(
      'fetches everything of each record of amazon_sp_api.orders that came since it was last read',
    );
  });

  it('serves records of the project in the place of the examples', async () => {
    const folder = join(projectFolder({}), 'shop');
    await etl(['init', folder, '--connector', 'shopify']);
    mkdirSync(join(folder, 'lab/shopify'), { recursive: true });
    const [first, second] = examples('shopify', 'orders');
    writeFileSync(join(folder, 'lab/shopify/orders.ndjson'), `${first}\n${second}\n`);
    expect(await received(folder, 'shopify.orders')).to.equal(2);
  });

  it('says which connectors there are, and writes nothing', async () => {
    const folder = join(projectFolder({}), 'shop');
    const { code, stderr } = await etl(['init', folder, '--connector', 'shopfy']);
    expect(code).to.equal(3);
    expect(stderr).to.contain('error[ETL0271]: there is no connector shopfy: did you mean `shopify`?');
    expect((await etl(['validate', '-p', folder])).stderr).to.contain('ETL0001');
  });
});
