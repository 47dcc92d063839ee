import { RedisScript } from '../../redis-connection.ts';
import * as store from '../store.ts';

/** How full a bucket was is remembered in this many steps. */
const dipsPerBurst = 32;
const hourUs = 3_600_000_000;

/** Constants of the scripts: those of every store, and what only matters where keys expire. */
const constants = {
  ...Object.fromEntries(Object.entries(store).filter(([, value]) => typeof value === 'number')),
  dipsPerBurst,
  /** A domain that nobody asked for so long is forgotten. */
  domainUs: 30 * 24 * hourUs,
  /** How far ahead requests may have been reserved in what Redis lost, when nobody says. */
  coldHorizonUs: 250_000,
  tellerSeenUs: 60_000_000,
  logPage: 16,
  eventsMax: 10_000,
  driftNoted: 0.1,
};

const shared = ['domain', 'states', 'allowance', 'freezes', 'slots'];
const settling = ['giving-back', 'observing', 'settling'];

/** Scripts name a constant as `C.name`. */
const withConstants = (text: string): string =>
  text.replace(/\bC\.(\w+)/g, (_, name: string) => String(constants[name as keyof typeof constants]));

const script = (...names: readonly string[]): RedisScript =>
  new RedisScript(
    [...shared, ...names].map((name) => `../lua/${name}.lua`),
    import.meta.url,
    withConstants,
  );

/** What Redis does at once, an operation of the store each. */
export const scripts = {
  ask: script('taking', 'nothing-settled', 'turns', 'ask'),
  askTelling: script('taking', ...settling, 'turns', 'ask'),
  settle: script('taking', ...settling, 'settle'),
  renew: script('renew'),
  freeze: script('freeze'),
  thaw: script('thaw'),
  status: script('taking', ...settling, 'status'),
};
