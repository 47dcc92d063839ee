import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ended } from '../support/ended.ts';
import { packageFolder } from '../support/package-folder.ts';
import { shopCarts } from './carts.ts';
import { type Command, runAlone, startRun } from './command.ts';
import type { DieOptions } from './die-options.ts';
import { accountOf, mappingsIn } from './ledger-view.ts';
import { type LoggedLab, loggedLab } from './logged-lab.ts';
import { type ShopOptions, type ShopOrder, shopOrders } from './shop.ts';
import type { StagingPlace } from './staging-place.ts';
import { type Tables, warehouseView } from './warehouse-tables.ts';

/** The first run of a project, or one that finds changes. */
export type Phase = 'first' | 'second';
export const phases: readonly Phase[] = ['first', 'second'];

export interface Reference {
  readonly tables: Tables;
  readonly blocked: ReadonlySet<string>;
  /** Boundaries in the order in which they were reached. */
  readonly boundaries: readonly string[];
  readonly elapsedMs: number;
  readonly requests: number;
}

/** What trials share: two labs, and what runs that nobody disturbs make of them. */
export interface Ground {
  readonly place: StagingPlace;
  readonly labs: { readonly [phase in Phase]: LoggedLab };
  readonly references: { readonly [phase in Phase]: Reference };
  /** A project's folder with the state that a phase begins with. The caller removes it. */
  project(phase: Phase): Promise<string>;
  remove(folder: string): Promise<void>;
  close(): Promise<void>;
}

/** Three pages, which a sweep reads again. */
const cartCount = 66;

export const warehouseOf = (folder: string): string => join(folder, '.etl/warehouse/warehouse.duckdb');

/** Which project is disturbed. */
export interface Bed {
  readonly shop: ShopOptions;
  /** Its mappings by name; without them, all. */
  readonly mappings?: readonly string[];
}

/** What the lab serves. */
interface Served {
  readonly orders: readonly ShopOrder[];
  readonly carts: readonly string[];
}

/** A new folder with the project, and with the lab's data where it is to be served. */
function projectFolder(place: StagingPlace, { mappings }: Pick<Bed, 'mappings'>, served?: Served): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-faults-'));
  cpSync(join(packageFolder, 'bench/faults/project'), folder, { recursive: true });
  for (const mapping of mappings === undefined ? [] : mappingsIn(folder))
    if (!mappings?.includes(mapping)) rmSync(join(folder, `mappings/${mapping}.yml`));
  writeFileSync(
    join(folder, 'etl.yml'),
    `kind: project\nname: faults\nenvironments:\n  dev:\n    staging: ${place.declare(folder)}\n    warehouse: {type: duckdb, path: .etl/warehouse/warehouse.duckdb}\n`,
  );
  if (served !== undefined) {
    const write = (stream: string, records: readonly string[]): void =>
      writeFileSync(join(folder, `lab/shop/${stream}.ndjson`), records.map((json) => `${json}\n`).join(''));
    mkdirSync(join(folder, 'lab/shop'), { recursive: true });
    write(
      'orders',
      served.orders.map(({ json }) => json),
    );
    write('carts', served.carts);
  }
  return folder;
}

/** Lays the ground: one project, run twice without a fault; its state in between is kept. */
export async function layGround(place: StagingPlace, bed: Bed): Promise<Ground> {
  const { shop } = bed;
  const orders = shopOrders(shop);
  const carts = shopCarts(cartCount, shop.seed);
  const served = (time: 'early' | 'late'): Served => ({ orders: orders[time], carts: carts[time] });
  const folders = {
    first: projectFolder(place, bed, served('early')),
    second: projectFolder(place, bed, served('late')),
  };
  const labs = { first: await loggedLab(folders.first), second: await loggedLab(folders.second) };
  const fresh = await makeProject(place, bed);
  const first = await refer(place, fresh, labs.first, 'first');
  const between = await makeProject(place, bed, fresh);
  const second = await refer(place, fresh, labs.second, 'second');
  const remove = async (folder: string): Promise<void> => {
    await place.remove(folder);
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    place,
    labs,
    references: { first, second },
    project: (phase) => makeProject(place, bed, phase === 'second' ? between : undefined),
    remove,
    async close() {
      await Promise.all(Object.values(labs).map((lab) => lab.close()));
      for (const folder of [...Object.values(folders), fresh, between]) await remove(folder);
    },
  };
}

/** Makes a project with its staging database; with the state of another one, where that is given. */
export async function makeProject(
  place: StagingPlace,
  bed: Pick<Bed, 'mappings'>,
  like?: string,
): Promise<string> {
  const folder = projectFolder(place, bed);
  if (like !== undefined) cpSync(join(like, '.etl'), join(folder, '.etl'), { recursive: true });
  await place.make(folder, like);
  return folder;
}

/** Runs a project to its end, and notes what came of it. */
async function refer(place: StagingPlace, folder: string, lab: LoggedLab, phase: Phase): Promise<Reference> {
  const trace = join(folder, `${phase}.trace`);
  const before = lab.asked.length;
  const ended = await startRun(folder, { SHOP_URL: lab.url, ...place.env(folder) }, { trace }).ended;
  if (ended.code !== 0) throw new Error(`the run without faults failed: ${ended.stdout}${ended.stderr}`);
  const view = await warehouseView(warehouseOf(folder));
  const account = await accountOf(place, folder, view);
  if (account.problems.length > 0) throw new Error(`without faults: ${account.problems.join('; ')}`);
  return {
    tables: view.tables,
    blocked: account.blocked,
    boundaries: readFileSync(trace, 'utf8').trimEnd().split('\n'),
    elapsedMs: ended.elapsedMs,
    requests: lab.asked.length - before,
  };
}

const envOf = ({ labs, place }: Ground, phase: Phase, folder: string): Readonly<Record<string, string>> => ({
  SHOP_URL: labs[phase].url,
  ...place.env(folder),
});

/** Starts a run of a phase's project. */
export const startPhase = (ground: Ground, phase: Phase, folder: string, die?: DieOptions): Command =>
  startRun(folder, envOf(ground, phase, folder), die);

/** Runs a phase's project, and does nothing to it. */
export const runPhase = (ground: Ground, phase: Phase, folder: string): Promise<Ended> =>
  runAlone(folder, envOf(ground, phase, folder));
