import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { credentialsOf } from '../../../../engine/execute/extract/tokens/credentials-of.ts';
import type { TokenServices } from '../../../../engine/execute/extract/tokens/token-services.ts';
import { complaint, ExplainedError, TransientError } from '../../../../engine/model/errors.ts';
import { openStaging } from '../../../../engine/services/staging/staging.ts';
import { scratchFile } from '../../../services/staging/scratch.ts';
import { sourcePlan } from '../../../support/plans.ts';
import { ownRedis } from '../../../support/redis.ts';
import { type TokenServer, type TokenServerOptions, tokenServer } from '../../../support/token-server.ts';
import { mapMemory, testReferences, tokenServices } from '../../../support/token-services.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { request, rotating, startProcess, type Work } from './token-process.ts';

const source = sourcePlan({ auth: rotating });

let server: TokenServer;
afterEach(async () => {
  await server?.close();
});

async function started(
  options: TokenServerOptions = {},
  over: Partial<TokenServices> = {},
): Promise<TokenServices> {
  server = await tokenServer(options);
  return tokenServices(server.url, over);
}

/** What a new process gets: the token, or why there is none. */
async function told(services: TokenServices): Promise<string> {
  try {
    return (await credentialsOf(source, services).apply(request)).headers['authorization'] ?? '';
  } catch (error) {
    if (!(error instanceof ExplainedError)) throw error;
    return [error.diagnostic.code, error.diagnostic.summary, ...error.diagnostic.help].join('\n');
  }
}

const code = (text: string): string => text.slice(0, 7);
const refreshTokens = (): readonly (string | undefined)[] =>
  server.requests.map(({ form }) => form['refresh_token']);
const hour = 3_600_000;

describe('a refresh token that is replaced at every use', () => {
  it('is followed from one process to the next', async () => {
    const services = await started();
    for (const expected of ['access-1', 'access-2', 'access-3']) {
      expect(await told(services)).to.equal(`Bearer ${expected}`);
      await services.clock.sleep(hour);
    }
    expect(refreshTokens()).to.deep.equal(['refresh-0', 'refresh-1', 'refresh-2']);
  });

  it('stays as it is where the answer brings no other', async () => {
    const services = await started({
      answer: (_, count) => ({ body: { access_token: `a-${count}`, expires_in: 60 } }),
    });
    await told(services);
    await services.clock.sleep(hour);
    expect(await told(services)).to.equal('Bearer a-2');
    expect(refreshTokens()).to.deep.equal(['refresh-0', 'refresh-0']);
  });

  it('is not asked for while what is kept is good', async () => {
    const services = await started();
    expect([await told(services), await told(services)]).to.deep.equal([
      'Bearer access-1',
      'Bearer access-1',
    ]);
    expect(server.requests).to.have.length(1);
  });

  it('is kept before its access token is given to anybody', async () => {
    const memory = mapMemory();
    const events: string[] = [];
    const swap: typeof memory.swap = async (...args) => {
      events.push('swap');
      return memory.swap(...args);
    };
    const services = await started(
      { answer: () => void events.push('answer') },
      { memory: { ...memory, swap } },
    );
    await told(services).then(() => events.push('used'));
    expect(events).to.deep.equal(['swap', 'answer', 'swap', 'used']);
  });

  it('gives way to a new one in the environment, and comes back with the old one', async () => {
    const services = await started();
    await told(services);
    await services.clock.sleep(hour);
    const anew = { ...services, references: testReferences({ REFRESH: 'refresh-1' }) };
    expect(await told(anew)).to.equal('Bearer access-2');
    expect(refreshTokens()).to.deep.equal(['refresh-0', 'refresh-1']);
    await services.clock.sleep(hour);
    expect(await told(anew)).to.equal('Bearer access-3');
    expect(refreshTokens().at(-1)).to.equal('refresh-2');
  });

  it('needs a key to be kept with, of 32 characters', async () => {
    const services = await started();
    const { tokenKey: _, ...keyless } = services;
    expect(code(await told(keyless))).to.equal('ETL0431');
    const short = testReferences({ TOKEN_KEY: 'hunter2' });
    const text = await told({ ...services, references: short });
    expect(text)
      .to.match(/^ETL0437\n.*7 characters/)
      .and.not.contain('hunter2');
    expect(server.requests).to.have.length(0);
  });

  it('cannot be read with another key, nor in another environment', async () => {
    const services = await started();
    await told(services);
    const otherKey = testReferences({ TOKEN_KEY: 'another key of more than 32 characters' });
    expect(code(await told({ ...services, references: otherKey }))).to.equal('ETL0438');
    expect(code(await told({ ...services, environment: 'production' }))).to.equal('ETL0438');
    expect(server.requests).to.have.length(1);
  });

  it('is reported when the provider refuses it for another reason than a lost answer', async () => {
    const services = await started({}, { references: testReferences({ REFRESH: 'stolen-refresh' }) });
    const text = await told(services);
    expect(text)
      .to.match(/^ETL0434\n/)
      .and.contain('authorise anew')
      .and.not.contain('stolen-refresh');
  });
});

describe('a refresh whose answer is lost', () => {
  it('is survived where the provider still takes the old token', async () => {
    const lost = (_: unknown, count: number) => (count === 1 ? ('destroy' as const) : undefined);
    expect(await told(await started({ answer: lost, grace: true }))).to.equal('Bearer access-1');
  });

  it('is reported by whoever comes next, until another refresh token is set', async () => {
    const services = await started({ answer: () => 'destroy' });
    expect(code(await told(services))).to.equal('ETL0403');
    await server.close();
    const strict = { ...(await started()), memory: services.memory, clock: services.clock, runId: 'run-2' };
    // The provider has replaced the token, although its answer never arrived.
    await fetch(`${server.url}/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'refresh-0' }),
    });
    const text = await told(strict);
    expect(text).to.match(/^ETL0439\nthe refresh token of shop was replaced, and the new one is lost\n/);
    expect(text).to.contain('The run run-1 began to refresh at 2026-01-01T00:00:0');
    expect(text).to.contain('Authorise anew and set the new refresh token');
    expect(text).not.to.contain('refresh-0');
    expect(code(await told(strict))).to.equal('ETL0439');
    expect(await told({ ...strict, references: testReferences({ REFRESH: 'refresh-1' }) })).to.equal(
      'Bearer access-2',
    );
  });

  it('is not suspected after a refusal that says when to come back', async () => {
    const busy = { status: 429, headers: { 'retry-after': '3600' } };
    const services = await started({ answer: (_, count) => (count === 1 ? busy : undefined) });
    expect(code(await told(services))).to.equal('ETL0435');
    expect(await told(services)).to.equal('Bearer access-1');
  });
});

describe('processes that share a memory and no lock', () => {
  it('refresh once, when many of them find the token expired at once', async () => {
    const services = await started();
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, at) => told({ ...services, runId: `run-${at}` })),
    );
    expect(new Set(all)).to.deep.equal(new Set(['Bearer access-1']));
    expect(refreshTokens()).to.deep.equal(['refresh-0']);
  });

  it('wait for one that died for as long as a refresh may take, and no longer', async () => {
    const memory = mapMemory();
    const never = new Promise<never>(() => {});
    const dying = await started(
      {},
      { memory, http: { send: () => never, close: async () => {} }, runId: 'dead' },
    );
    void told(dying);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const clock = dying.clock;
    const startMs = clock.now();
    const next = tokenServices(server.url, { memory, clock, runId: 'next' });
    expect(await told(next)).to.equal('Bearer access-1');
    expect(clock.now() - startMs).to.equal(30_000);
  });

  it('keep the token of one that stood still while another took over in vain', async () => {
    const memory = mapMemory();
    const clock = new VirtualClock();
    let resume = (): void => {};
    const standing = new Promise<void>((resolve) => {
      resume = resolve;
    });
    let swaps = 0;
    const slow: typeof memory.swap = async (...args) => {
      swaps += 1;
      if (swaps === 2) await standing;
      return memory.swap(...args);
    };
    const first = await started({}, { memory: { ...memory, swap: slow }, clock });
    const standsStill = told(first);
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await clock.sleep(31_000);
    const other = tokenServices(server.url, { memory, clock, runId: 'run-2' });
    expect(code(await told(other))).to.equal('ETL0439');
    resume();
    expect(await standsStill).to.equal('Bearer access-1');
    await clock.sleep(hour);
    expect(await told(other)).to.equal('Bearer access-2');
  });

  it('keep a token although the database is locked for a moment', async () => {
    const memory = mapMemory();
    let swaps = 0;
    const locked: typeof memory.swap = async (...args) => {
      swaps += 1;
      if (swaps === 2 || swaps === 3) throw new TransientError(complaint('ETL0601', 'locked'));
      return memory.swap(...args);
    };
    const services = await started({}, { memory: { ...memory, swap: locked } });
    expect(await told(services)).to.equal('Bearer access-1');
    await services.clock.sleep(hour);
    expect(await told(services)).to.equal('Bearer access-2');
  });

  it('finish a refresh that has begun, also when the run is stopped meanwhile', async () => {
    const stop = new AbortController();
    const services = await started(
      { answer: () => void stop.abort(new Error('stopped')) },
      { signal: stop.signal },
    );
    const credentials = credentialsOf(source, services);
    const error = await credentials.apply(request, stop.signal).catch((thrown: unknown) => thrown);
    expect(error).to.have.property('message', 'stopped');
    const next = { ...services, signal: new AbortController().signal };
    expect(await told(next)).to.equal('Bearer access-1');
    expect(server.requests).to.have.length(1);
  });
});

describe('processes on one staging database', function () {
  this.timeout(60_000);

  const stagingAt = (storage: string, clock = new VirtualClock(Date.now() + 60_000)) =>
    openStaging({ storage, environment: 'dev', clock });

  /** Two processes begin at once; gives what each of them got. */
  async function both(work: Pick<Work, 'storage' | 'redis'>): Promise<readonly string[]> {
    const processes = ['a', 'b'].map((runId) => startProcess({ ...work, url: server.url, runId }));
    for (const { line } of processes) expect(await line()).to.equal('ready');
    for (const { child } of processes) child.stdin?.write('go\n');
    const lines = await Promise.all(processes.map(({ line }) => line()));
    await Promise.all(processes.map(({ child }) => child.exitCode ?? once(child, 'exit')));
    return lines;
  }

  for (const shared of ['Redis', 'nothing but the database'] as const) {
    it(`refresh a rotating token exactly once when it expires for two at once: they share ${shared}`, async function () {
      const redis = shared === 'Redis' ? await ownRedis(this) : undefined;
      const work = { storage: scratchFile(), ...(redis && { redis: { url: redis.url, prefix: 'tokens' } }) };
      server = await tokenServer({ expiresIn: 1 });
      for (const expected of ['Bearer access-1', 'Bearer access-2']) {
        expect(await both(work)).to.deep.equal([expected, expected]);
        // The token is good for a second.
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
      await redis?.stop();
      expect(refreshTokens()).to.deep.equal(['refresh-0', 'refresh-1']);
      expect(server.reused).to.equal(0);
    });
  }

  for (const grace of [false, true]) {
    it(`${grace ? 'survive' : 'report'} a kill between answer and save where the old token is ${grace ? '' : 'not '}taken again`, async () => {
      const storage = scratchFile();
      server = await tokenServer({ grace });
      const { child, line } = startProcess({ storage, url: server.url, runId: 'killed', stall: true });
      expect(await line()).to.equal('ready');
      child.stdin?.write('go\n');
      expect(await line()).to.equal('answered');
      child.kill('SIGKILL');
      await once(child, 'exit');
      const clock = new VirtualClock(Date.now() + 60_000);
      const staging = stagingAt(storage, clock);
      const text = await told(tokenServices(server.url, { memory: staging.memory, clock, runId: 'next' }));
      await staging.close();
      if (grace) expect(text).to.equal('Bearer access-2');
      else expect(text).to.match(/^ETL0439\n[\s\S]*The run killed began to refresh at /);
    });
  }

  it('leave no token in the database’s files', async () => {
    const storage = scratchFile();
    server = await tokenServer();
    const staging = stagingAt(storage);
    const bytes = (): string =>
      readdirSync(dirname(storage))
        .map((name) => readFileSync(join(dirname(storage), name), 'latin1'))
        .join();
    expect(await told(tokenServices(server.url, { memory: staging.memory }))).to.equal('Bearer access-1');
    expect(bytes()).to.contain('token:shop:default');
    for (const secret of ['access-1', 'refresh-0', 'refresh-1', 'clients-secret', 'thirty-two'])
      expect(bytes()).not.to.contain(secret);
    await staging.close();
    expect(bytes()).not.to.contain('refresh-1');
  });
});
