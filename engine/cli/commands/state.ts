import StateShow from './state/show.ts';

/** `etl state` alone shows everything. */
export default class State extends StateShow {
  static override readonly examples = [
    '<%= config.bin %> state',
    '<%= config.bin %> state show shop.orders',
    '<%= config.bin %> state set shop.orders --cursor 2026-01-31T00:00:00Z',
    '<%= config.bin %> state reset shop.orders',
    '<%= config.bin %> state unlock',
    '<%= config.bin %> state vacuum --dry-run',
  ];
}
