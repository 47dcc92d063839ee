import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse, stringify } from 'yaml';
import type * as config from '../../../engine/model/config.ts';
import type { FreezeOrder, Observation } from '../../../engine/model/ports.ts';
import { checkProject, printed } from '../../support/check-project.ts';
import { root, text } from '../../support/root.ts';
import { Run, request } from '../../support/sending.ts';
import { withFolder } from '../../support/temporary-folder.ts';

/** What a provider of the guide's table answers, written after its documentation, and what each answer must lead to. */
interface Golden {
  readonly source: Partial<config.Source>;
  readonly replies: readonly GoldenReply[];
}

interface GoldenReply {
  readonly name: string;
  readonly path?: string;
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  readonly expect: {
    readonly class: string;
    readonly freeze?: Omit<FreezeOrder, 'reason'>;
    /** Before it is asked again; only where nothing is frozen. */
    readonly waitMs?: number;
    readonly observations?: readonly (Omit<Observation, 'partition'> & { readonly partition?: string })[];
    readonly costs?: Record<string, number>;
    /** Code of the diagnostic with which the stream stops. */
    readonly error?: string;
  };
}

const folder = join(root, 'test/golden/replies');

const bodyText = (body: unknown): string =>
  body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);

async function outcome(source: Partial<config.Source>, reply: GoldenReply) {
  const { status, headers = {}, body, path = '/orders' } = reply;
  const run = new Run([{ status, headers, body: bodyText(body) }], source);
  const error = await run.send({ ...request, url: `https://api.example/v1${path}` });
  const first = run.limiter.settled[0]?.settlement;
  const [order] = run.orders;
  const { reason: _, ...freeze } = order ?? { reason: '' };
  return {
    class: Object.keys(run.meter.classes)[0],
    ...(order && { freeze }),
    ...(reply.expect.waitMs !== undefined && { waitMs: run.waits[0] }),
    observations: first?.observations,
    costs: first?.costs,
    ...(error && { error: error.diagnostic.code }),
  };
}

describe('the replies of', () => {
  for (const file of readdirSync(folder)) {
    const { source, replies } = parse(text(`test/golden/replies/${file}`)) as Golden;

    describe(file.replace('.yml', ''), () => {
      for (const reply of replies) {
        it(`${reply.status}: ${reply.name}`, async () => {
          const { observations = [], costs = {}, ...expected } = reply.expect;
          expect(await outcome(source, reply)).to.deep.equal({
            ...expected,
            observations: observations.map((one) => ({ partition: '', ...one })),
            costs,
          });
        });
      }

      it('are declared as a project may declare them', async () => {
        const stream = { request: { path: '/orders' }, records: 'orders', primaryKey: ['id'] };
        const files = {
          'etl.yml': stringify({ kind: 'project', name: 'golden', environments: { dev: {} } }),
          'sources/shop.yml': stringify({
            kind: 'source',
            name: 'shop',
            baseUrl: 'https://api.example/v1',
            ...source,
            streams: { orders: stream },
          }),
          'mappings/orders.yml': stringify({
            kind: 'mapping',
            name: 'orders',
            from: 'shop.orders',
            load: { strategy: 'merge', key: ['id'] },
            properties: { id: { from: 'id', type: 'string' } },
          }),
        };
        await withFolder(files, async (project) => {
          expect(printed((await checkProject(project)).diagnostics)).to.equal('');
        });
      });
    });
  }
});
