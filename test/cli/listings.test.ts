import { expect } from 'chai';
import { etl, projectFolder, tableOf } from '../support/cli.ts';

const records = 57;

/** Every three records share a time, and two days lie between the first and the last. */
const recordAt = (at: number): object => ({
  id: at + 1,
  at: new Date(Date.UTC(2026, 0, 1, Math.floor(at / 3) * 2)).toISOString(),
  region: at % 3 === 0 ? 'eu' : 'us',
});

const data = Array.from({ length: records }, (_, at) => JSON.stringify(recordAt(at))).join('\n');

/** Three lines of each order. */
const lines = Array.from({ length: records * 3 }, (_, at) =>
  JSON.stringify({ id: at + 1, order: Math.floor(at / 3) + 1 }),
).join('\n');

/** Five notes of each order, two of them closed. */
const notes = Array.from({ length: records * 5 }, (_, at) =>
  JSON.stringify({
    id: at + 1,
    order: Math.floor(at / 5) + 1,
    kind: at % 5 < 3 ? 'open' : 'closed',
    at: new Date(Date.UTC(2026, 1, 1, at % 5)).toISOString(),
  }),
).join('\n');

/** Streams that list the same records, each in another way. */
const streams = {
  graphql: `
    request:
      method: POST
      path: /graphql
      body:
        query: "query ($after: String, $filter: String) { orders(after: $after, query: $filter) { nodes { id at region } } }"
        variables: {after: "{page.token}", first: "{page.size}", filter: "updated_at:>={cursor.from}"}
    records: data.orders.nodes
    paginate: {type: cursor_token, token: data.orders.pageInfo.endCursor, more: data.orders.pageInfo.hasNextPage, size: 10}
    cursor: {field: at, start: 2025-01-01T00:00:00Z}`,
  search: `
    request:
      method: POST
      path: /search
      body:
        limit: "{page.size}"
        sorts: [id]
        filters:
          - {name: at, operator: GTE, value: "{cursor.from}"}
          - {name: id, operator: GT, value: "{page.key}"}
    records: results
    paginate: {type: keyset, key: id, size: 10}
    cursor: {field: at, format: epoch_ms}`,
  tokens: `
    request: {path: /tokens, query: {status: any, market: DE}}
    records: data
    paginate: {type: cursor_token, tokens: {next: paging.next, shard: paging.shard}, keep: [market], size: 10}
    cursor: {field: at, from: {query: since}}`,
  locator: `
    request: {path: /locator}
    records: data
    paginate: {type: cursor_token, header: Sforce-Locator, param: locator, size: 10, sizeParam: maxRecords}
    cursor: {field: at, from: {query: since}}`,
  slices: `
    request: {path: /slices, query: {filter: "at:[{cursor.from}..{cursor.to}]"}}
    records: data
    paginate: {type: offset, param: offset, size: 10, total: total, orderedBy: [at, id]}
    cursor: {field: at, start: 2026-01-01T00:00:00Z, step: 12h}`,
  regions: `
    request: {path: "/regions/{partition.region}/orders"}
    partitions: {region: [eu, us]}
    records: data
    paginate: {type: page, param: page, size: 10, total: total, orderedBy: [id]}
    cursor: {field: at, from: {query: since}}
    lab: {data: lab/orders.ndjson, where: {partition.region: region}}`,
  lines: `
    request: {path: "/orders/{parent.id}/lines"}
    parent: {stream: regions, where: {region: eu}}
    records: lines
    paginate: {type: next_url, path: next, size: 2}
    lab: {data: lab/lines.ndjson, where: {parent.id: order}}`,
  notes: `
    request: {path: "/orders/{parent.id}/{partition.kind}/notes"}
    parent: {stream: lists, which: all, where: {_list: orders}}
    partitions: {kind: [open, closed]}
    records: notes
    paginate: {type: page, param: page, size: 2, total: total, orderedBy: [id]}
    cursor: {field: at, from: {query: since}}
    lab: {data: lab/notes.ndjson, where: {parent.id: order, partition.kind: kind}}`,
  lists: `
    request: {path: /lists}
    records: {orders: data, returns: returned}
    cursor: {field: at, from: {query: since}}`,
  details: `
    request: {method: POST, path: /batch/read, body: {properties: [id], inputs: [{id: "{parent.id}"}]}}
    parent: {stream: tokens, batch: 20}
    records: results
    lab: {data: lab/orders.ndjson, where: {parent.id: id}}`,
  report: `
    job:
      create:
        method: POST
        path: /reports
        body: {type: ORDERS, start: "{cursor.from}", end: "{cursor.to}"}
        take: {report: reportId}
      poll:
        path: "/reports/{job.report}"
        status: processingStatus
        done: [DONE]
        failed: [FATAL]
        every: 10ms
        take: {document: reportDocumentId}
      locate: {path: "/documents/{job.document}", take: {url: url}}
    request: {path: "{job.url}"}
    records: data
    cursor: {field: at, start: 2026-01-01T00:00:00Z}`,
  located: `
    job:
      create: {method: POST, path: /exports, body: {start: "{cursor.from}"}, take: {export: id}}
      poll: {path: "/exports/{job.export}", status: state, done: [DONE], failed: [FATAL], every: 10ms}
      locate: {path: "/exports/{job.export}/address", take: {url: url}}
    request: {path: "{job.url}"}
    records: data
    paginate: {type: cursor_token, header: Next-Part, param: part, size: 20}
    cursor: {field: at, start: 2026-01-01T00:00:00Z}`,
  files: `
    job:
      create: {method: POST, path: /extracts, body: {start: "{cursor.from}"}, take: {extract: id}}
      poll: {path: "/extracts/{job.extract}", status: state, done: [DONE], failed: [FATAL], every: 10ms}
      locate: {path: "/extracts/{job.extract}/files", take: {url: "files[*].url"}}
    request: {path: "{job.url}"}
    format: ndjson
    paginate: {type: offset, param: offset, size: 20, orderedBy: [id]}
    cursor: {field: at, start: 2026-01-01T00:00:00Z}
    lab: {data: lab/orders.ndjson, packed: gzip}`,
  bulk: `
    job:
      create:
        method: POST
        path: /jobs/query
        body: {operation: query, query: "SELECT id FROM orders WHERE at >= {cursor.from}"}
        take: {id: id}
      poll: {path: "/jobs/query/{job.id}", status: state, done: [JobComplete], failed: [Failed, Aborted], every: 10ms}
    request: {path: "/jobs/query/{job.id}/results"}
    records: data
    paginate: {type: cursor_token, header: Sforce-Locator, param: locator, size: 20, sizeParam: maxRecords}
    cursor: {field: at, start: 2026-01-01T00:00:00Z}`,
};

type Name = keyof typeof streams;
const names = Object.keys(streams) as Name[];

function project(): string {
  const declared = names.map((name) => {
    const lab = streams[name].includes('lab:') ? '' : '\n    lab: {data: lab/orders.ndjson}';
    return `  ${name}:${streams[name]}\n    primaryKey: [id]${lab}`;
  });
  const mappings = names.map((name) => [
    `mappings/${name}.yml`,
    `kind: mapping
name: ${name}
from: shop.${name}
load: {key: [id]}
properties:
  id: {from: id, type: integer}
  region: {from: region, type: string}
${name === 'lines' ? '  order: {from: _parent.id, type: integer}\n' : ''}`,
  ]);
  return projectFolder({
    'etl.yml': 'kind: project\nname: listings\nenvironments: {dev: {}}\n',
    'sources/shop.yml': `kind: source\nname: shop\nbaseUrl: https://api.example/v1\nstreams:\n${declared.join('\n')}\n`,
    'lab/orders.ndjson': data,
    'lab/lines.ndjson': lines,
    'lab/notes.ndjson': notes,
    ...Object.fromEntries(mappings),
  });
}

interface Report {
  readonly streams: readonly {
    readonly stream: string;
    readonly received: number;
    readonly pages: number;
    readonly status: string;
  }[];
}

const run = async (folder: string, ...more: readonly string[]): Promise<Report['streams']> => {
  const { code, stdout, stderr } = await etl(['run', '--lab', '--json', '-p', folder, ...more]);
  expect(code, stderr + stdout).to.equal(0);
  return (JSON.parse(stdout).result as Report).streams;
};

const streamOf = (report: Report['streams'], name: Name): Report['streams'][number] | undefined =>
  report.find((one) => one.stream === `shop.${name}`);

describe('listings of every kind', function () {
  this.timeout(120_000);
  let folder = '';
  let first: Report['streams'] = [];
  let second: Report['streams'] = [];

  before(async () => {
    folder = project();
    first = await run(folder);
    second = await run(folder);
  });

  for (const name of names.filter((one) => one !== 'lines' && one !== 'notes')) {
    it(`bring each record once: ${name}`, async () => {
      const rows = await tableOf(folder, name, ['--lab']);
      expect(rows.map(({ id }) => Number(id)).sort((a, b) => a - b)).to.deep.equal(
        Array.from({ length: records }, (_, at) => at + 1),
      );
    });

    it(`are asked only for what changed the next time: ${name}`, () => {
      expect(streamOf(second, name)?.received).to.be.within(
        name === 'slices' ? 0 : 1,
        name === 'details' ? 20 : 3,
      );
    });
  }

  it('are read for each record of a parent that is wanted, and for those that came anew', async () => {
    const rows = await tableOf(folder, 'lines', ['--lab']);
    const wanted = Array.from({ length: records }, (_, at) => at).filter((at) => at % 3 === 0);
    expect(rows.map((row) => `${row['order']}: ${row['id']}`).sort()).to.deep.equal(
      wanted.flatMap((at) => [1, 2, 3].map((line) => `${at + 1}: ${at * 3 + line}`)).sort(),
    );
    expect(streamOf(first, 'lines')).to.include({ pages: wanted.length * 2 });
    expect(streamOf(second, 'lines')).to.include({ pages: 2 });
    expect(streamOf(first, 'details')).to.include({ pages: 6, received: records });
  });

  it('are read for each parent in every partition and page, and then from where each parent stands', async () => {
    const rows = await tableOf(folder, 'notes', ['--lab']);
    expect(rows).to.have.length(records * 5);
    // Three open ones take two pages, two closed ones one.
    expect(streamOf(first, 'notes')).to.include({ received: records * 5, pages: records * 3 });
    // A position is of a parent, not of a partition of it: the last closed one is the newest.
    expect(streamOf(second, 'notes')).to.include({ received: records, pages: records * 2 });
  });

  it('take no more pages than they have', () => {
    // The job that is created is a page of its own, without records.
    expect(streamOf(first, 'report')).to.include({ received: records, pages: 2, requests: 5 });
    // The address is located again for each page.
    expect(streamOf(first, 'located')).to.include({ received: records, pages: 4, requests: 9 });
    // Two files of two pages each, and the empty ones that end what is counted.
    expect(streamOf(first, 'files')).to.include({ received: records, pages: 7 });
    expect(streamOf(first, 'bulk')).to.include({ received: records, pages: 4, requests: 6 });
    expect(streamOf(first, 'search')).to.include({ received: records, pages: 7 });
    expect(streamOf(first, 'graphql')).to.include({ received: records, pages: 6 });
    expect(streamOf(first, 'regions')).to.include({ received: records, pages: 6 });
    // The last slice, and the one that the newest record is in.
    expect(streamOf(second, 'slices')?.pages).to.be.at.most(3);
  });
});
