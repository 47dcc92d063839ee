import type { PostgresServer } from '../../support/postgres-server.ts';
import type { Planned } from '../kills.ts';
import type { Fault } from './fault.ts';
import { listingFaults } from './listings.ts';
import { networkFaults } from './network.ts';
import { postgresFaults } from './postgres.ts';
import { signalFaults } from './signals.ts';
import { sqliteFaults } from './sqlite.ts';
import { warehouseFaults } from './warehouse.ts';

/** The faults of one kind of staging database, and why others cannot be caused here. */
export function faultsOf(
  dialect: 'sqlite' | 'postgres',
  server?: PostgresServer,
): { readonly planned: readonly Planned[]; readonly skipped: readonly string[] } {
  const all: readonly Fault[] = [
    ...networkFaults,
    ...listingFaults,
    ...signalFaults,
    ...warehouseFaults,
    ...sqliteFaults,
    ...(server === undefined ? [] : postgresFaults(server)),
  ].filter((fault) => (fault.dialect ?? dialect) === dialect);
  return {
    planned: all
      .filter(({ missing }) => missing?.() === undefined)
      .map((fault) => ({ name: fault.name, group: 'fault', perform: (ground) => fault.perform(ground) })),
    skipped: all.flatMap(({ name, missing }) => {
      const reason = missing?.();
      return reason === undefined ? [] : [`${name}: ${reason}`];
    }),
  };
}
