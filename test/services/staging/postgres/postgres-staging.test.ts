import { openPostgresStaging } from '../../../../engine/services/staging/postgres/postgres-staging.ts';
import { stagingContract } from '../../../contracts/staging-contract.ts';
import { stillClock } from '../../../contracts/staging-samples.ts';
import { ownSchema, sharedPostgres } from '../../../support/postgres.ts';

describe('with a PostgreSQL server', () => {
  let url: string;

  before(async function () {
    url = await sharedPostgres(this);
  });

  stagingContract('PostgreSQL', async () =>
    openPostgresStaging({ url, schema: ownSchema(url), environment: 'dev', clock: stillClock }),
  );
});
