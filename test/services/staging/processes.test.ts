import { once } from 'node:events';
import { expect } from 'chai';
import { streamPlan } from '../../contracts/staging-samples.ts';
import { onEach } from './each-database.ts';
import { databaseAt, type Place, stagingAt } from './places.ts';
import { linesOf, mapping, pagesPerCommit, rowsPerPage, start } from './processes.ts';

const kills = 4;

/** Kills the process a moment after its first commit, a different one each time. */
async function killSoon(place: Place, delayMs: number): Promise<number> {
  const child = start('commitForever', place);
  const lines = linesOf(child);
  await once(child.stdout!, 'data');
  setTimeout(() => child.kill('SIGKILL'), delayMs);
  return Number((await lines).at(-1));
}

async function expectWholeCommits(place: Place, told: number): Promise<void> {
  const database = databaseAt(place);
  // The server may still be at work on the last commit of the process: writers wait for it.
  await database.write(async (handle) => {
    const count = async (sql: string): Promise<number> =>
      Number((await handle.first<{ found: number }>(`SELECT ${sql} AS found`))?.found ?? -1);
    const pages = await count('(SELECT count(*) FROM pages)');
    const last = await count('(SELECT max(id) FROM pages)');
    if ('storage' in place)
      expect(await handle.select('PRAGMA integrity_check')).to.deep.equal([{ integrity_check: 'ok' }]);
    expect(pages % pagesPerCommit).to.equal(0);
    expect(last).to.be.at.least(told);
    expect(await count('(SELECT count(*) FROM page_rows)')).to.equal(pages);
    expect(await count('(SELECT sum(rows) FROM page_rows)')).to.equal(pages * rowsPerPage);
    expect(await count('(SELECT count(*) FROM stg_orders)')).to.equal(pages * rowsPerPage);
    expect(await count('(SELECT next FROM sequences)')).to.be.greaterThan(last);
    expect(await handle.first('SELECT cursor FROM positions')).to.deep.equal({ cursor: String(last) });
  });
  await database.close();
}

onEach((name, place) => {
  describe(`a process that is killed while it commits to ${name}`, function () {
    this.timeout(60_000);

    it('leaves whole commits, and a database that the next one goes on with', async () => {
      const shared = place();
      for (let kill = 0; kill < kills; kill += 1) {
        const told = await killSoon(shared, 7 + kill * 17);
        await expectWholeCommits(shared, told);
      }
      const staging = stagingAt(shared);
      await staging.migrate();
      const units = await staging.pendingUnits(mapping, 1_000_000);
      expect((await staging.position(streamPlan())).cursor).to.equal(String(units.at(-1)?.lastPage));
      await staging.close();
    });
  });

  describe(`two processes that stage on ${name}`, function () {
    this.timeout(60_000);

    it('migrate it and reserve pages at the same time, and never get the same page', async () => {
      const shared = place();
      const children = [start('reserveMany', shared, '100'), start('reserveMany', shared, '100')];
      const firsts = (await Promise.all(children.map(linesOf))).flat().map(Number);
      expect(firsts.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 200 }, (_, at) => 1 + 3 * at));
    });
  });
});
