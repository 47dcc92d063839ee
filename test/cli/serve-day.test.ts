import { expect } from 'chai';
import { projectFolder } from '../support/cli.ts';
import { PacedClock } from '../support/paced-clock.ts';
import { ServedProject } from '../support/served-project.ts';
import { type Received, webhooks } from '../support/webhooks.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const start = '2026-03-01T00:00:00Z';

/** Real milliseconds of a run count so many: few, since a busy machine takes its time. */
const speed = 6;

const projectYml = `kind: project
name: storefront
environments:
  dev:
    staging: {dialect: sqlite}
    warehouse: {type: duckdb}
    alerts:
      - {to: webhook, url: "\${env:SERVED_ALL_URL}", on: [run_failed, freshness, heartbeat], every: 1h}
      - {to: slack, url: "\${env:SERVED_SLACK_URL}", on: [freshness]}
      - {to: pagerduty, key: "\${env:SERVED_ALL_URL}", url: "\${env:SERVED_PAGERDUTY_URL}", on: [freshness]}
`;

/** A record every ten seconds for two days; the API fails for a while, again and again. */
const sourceYml = `kind: source
name: shop
baseUrl: "\${env:SERVED_SHOP_URL}"
attempts: 1
budget:
  limits:
    - {id: account, bucket: {rate: 2/s, burst: 5}}
lab:
  faults:
    - {kind: unavailable, after: 4, for: 6m}
    - {kind: reset, after: 9, every: 3, count: 2}
    - {kind: truncate, after: 13, every: 3, count: 1}
streams:
  orders:
    request: {path: /orders}
    records: orders
    primaryKey: [id]
    paginate: {type: link_header, size: 100}
    cursor: {field: updated_at, lookback: 1m, from: {query: since}}
    schedule: every 5m
    freshness: {slo: 15m}
    lab:
      live: true
      generate:
        records: 17280
        record:
          id: {gen: sequence, start: 1}
          updated_at: {gen: timestamp, start: "${start}", step: 10s}
`;

const mappingYml = `kind: mapping
name: orders
from: shop.orders
load: {key: [id]}
properties:
  id: {from: id, type: integer}
  updated_at: {from: updated_at, type: timestamp}
`;

const titles = (received: readonly Received[], path: string, event: string): readonly unknown[] =>
  received
    .filter(({ path: at, body }) => at === path && body['event'] === event)
    .map(({ body }) => body['over']);

describe('a day of etl serve', () => {
  it('keeps a 15-minute pipeline within its SLO through failures, and catches up after a day without a throttle', async function () {
    this.timeout(300_000);
    const hooks = await webhooks();
    for (const place of ['all', 'slack', 'pagerduty'])
      process.env[`SERVED_${place.toUpperCase()}_URL`] = `${hooks.url}/${place}`;
    const folder = projectFolder({
      'etl.yml': projectYml,
      'sources/shop.yml': sourceYml,
      'mappings/orders.yml': mappingYml,
    });
    const clock = new PacedClock(Date.parse(start) + minuteMs, speed);
    const shop = await ServedProject.open(folder, clock);
    try {
      await served(shop, clock, hooks.received);
    } finally {
      await shop.close();
      await hooks.close();
    }
  });

  const served = async (
    shop: ServedProject,
    clock: PacedClock,
    received: readonly Received[],
  ): Promise<void> => {
    await shop.apply();

    const day = await shop.serve(75 * minuteMs);
    expect(day.failed, shop.said.join('')).to.be.at.least(5);
    expect(day.runs - day.failed).to.be.at.least(10);
    expect(day.streams[0]?.isLate).to.equal(false);
    expect(day.streams[0]?.took?.p95Ms).to.be.below(15 * minuteMs);
    expect(titles(received, '/all', 'freshness')).to.deep.equal([]);
    const failures = titles(received, '/all', 'run_failed');
    expect(failures.length).to.be.at.least(2);
    expect(failures.at(-1)).to.equal(true);

    clock.pass(24 * hourMs);
    const before = received.length;
    const after = await shop.serve(30 * minuteMs);
    expect(after.failed).to.equal(0);
    expect(after.catchUpMs).to.be.within(30_000, 10 * minuteMs);
    expect(after.runs).to.be.within(6, 8);
    expect(after.streams[0]?.isLate).to.equal(false);
    expect(shop.statuses()['429'] ?? 0).to.equal(0);
    expect(day.refused + after.refused).to.equal(0);

    const since = received.slice(before);
    expect(titles(since, '/all', 'freshness')).to.deep.equal([false, true]);
    expect(since.filter(({ path }) => path === '/slack')).to.have.length(2);
    const pages = since.filter(({ path }) => path === '/pagerduty').map(({ body }) => body['event_action']);
    expect(pages).to.deep.equal(['trigger', 'resolve']);
    expect(titles(since, '/all', 'heartbeat').length).to.equal(1);
  };
});
