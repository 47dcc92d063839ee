import { ownSchema, sharedPostgres } from '../../support/postgres.ts';
import type { Place } from './places.ts';
import { scratchFile } from './scratch.ts';

/** Describes the same for every database that staging can be on. `place` gives one that nobody has used. */
export function onEach(describeOn: (name: string, place: () => Place) => void): void {
  describeOn('SQLite', () => ({ storage: scratchFile() }));
  describe('with a PostgreSQL server', () => {
    let url: string;

    before(async function () {
      url = await sharedPostgres(this);
    });

    describeOn('PostgreSQL', () => ({ url, schema: ownSchema(url) }));
  });
}
