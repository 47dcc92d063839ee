import { openPostgresStaging } from '../../../engine/services/staging/postgres/postgres-staging.ts';
import { openStaging } from '../../../engine/services/staging/staging.ts';
import { type LedgerStaging, ledgerContract, movedClock } from '../../contracts/ledger-contract.ts';
import { ownSchema, sharedPostgres } from '../../support/postgres.ts';
import { scratchFile } from './scratch.ts';

const migrated = async (staging: LedgerStaging): Promise<LedgerStaging> => {
  await staging.migrate();
  return staging;
};

ledgerContract('SQLite', async () => {
  const [storage, clock] = [scratchFile(), movedClock()];
  return { clock, open: () => migrated(openStaging({ storage, environment: 'dev', clock })) };
});

describe('with a PostgreSQL server', () => {
  let url: string;

  before(async function () {
    url = await sharedPostgres(this);
  });

  ledgerContract('PostgreSQL', async () => {
    const [schema, clock] = [ownSchema(url), movedClock()];
    return { clock, open: () => migrated(openPostgresStaging({ url, schema, environment: 'dev', clock })) };
  });
});
