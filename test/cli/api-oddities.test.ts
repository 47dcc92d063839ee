import { type Behaviour, isAsExpected, queryOf, raw } from '../support/behaviours.ts';
import { type Handler, json } from '../support/cli.ts';

interface Order {
  readonly id: string;
  readonly total: number | null;
}

const some = (count: number, from = 1): readonly Order[] =>
  Array.from({ length: count }, (_, at) => ({ id: `o${from + at}`, total: at }));

const ids = (count: number): readonly string[] => some(count).map(({ id }) => id);

const always = (value: unknown): (() => Handler) => {
  return () => (_, response) => json(response, value);
};

const paged = (paginate: string): { readonly stream: string } => ({ stream: `    paginate: ${paginate}` });

/** Seven orders by offset, three a page; `said` is what stands beside them. */
const byOffset = (said: (page: readonly Order[], asked: number) => object): (() => Handler) => {
  return () => {
    let asked = 0;
    return (request, response) => {
      asked += 1;
      const offset = Number(queryOf(request.url).get('offset') ?? 0);
      const orders = some(7).slice(offset, offset + 3);
      json(response, { orders, ...said(orders, asked) });
    };
  };
};

const counted = paged('{type: offset, param: offset, size: 3, orderedBy: [id], total: total}');

/** What leads to the next page is looked for in the wrong place, or is not there. */
const misread: readonly Behaviour[] = [
  {
    what: 'the path of the token is misspelt: the only page is full, which is said',
    answers: always({ orders: some(3), meta: { next: 'a' } }),
    more: paged('{type: cursor_token, token: meta.nxt, param: after, size: 3}'),
    says: ['ETL0458', 'Nothing at `meta.nxt` leads to another page'],
    loads: ids(3),
  },
  {
    what: 'the path of `more` is misspelt: the only page is full, which is said',
    answers: always({ orders: some(3), has_more: true }),
    more: paged('{type: page, param: page, size: 3, orderedBy: [id], more: hasMore}'),
    says: ['ETL0458', 'Nothing stands at `hasMore`'],
    loads: ids(3),
  },
  {
    what: 'what is taken for a total counts the page: the only page is full, which is said',
    answers: byOffset((page) => ({ total: page.length })),
    more: counted,
    says: ['ETL0458', '`total` says that these are all'],
    loads: ids(3),
  },
  {
    what: 'the API says that more follow, and no token is there',
    answers: always({ orders: some(3), has_more: true }),
    more: paged('{type: cursor_token, token: next, param: after, more: has_more}'),
    exit: 1,
    says: ['ETL0457', 'page 1 of shop.orders', '`has_more`'],
    loads: [],
    requests: 1,
  },
];

/** What an API says of the listing does not hold. */
const contradictory: readonly Behaviour[] = [
  {
    what: 'a page has no records, and more follow: they were filtered after they were counted',
    answers: () => (request, response) => {
      const page = Number(queryOf(request.url).get('page'));
      json(response, { orders: page === 2 ? [] : some(2, page), has_more: page < 3 });
    },
    more: paged('{type: page, param: page, more: has_more}'),
    loads: ['o1', 'o2', 'o3', 'o4'],
    requests: 3,
  },
  {
    what: 'more are to follow for ever, behind the last page',
    answers: () => (request, response) => {
      const page = Number(queryOf(request.url).get('page'));
      json(response, { orders: page === 1 ? some(2) : [], page, has_more: true });
    },
    more: paged('{type: page, param: page, more: has_more}'),
    exit: 1,
    says: ['ETL0405', '20 pages in a row have no records'],
    loads: [],
    requests: 21,
  },
  {
    what: 'the total is 0, and there are records: it is none',
    answers: byOffset(() => ({ total: 0 })),
    more: counted,
    loads: ids(7),
  },
  {
    what: 'the total shrinks while the listing is read: what has shifted is missing, which is said',
    answers: byOffset((_, asked) => ({ total: asked === 1 ? 7 : 6 })),
    more: counted,
    says: ['ETL0419', '7 records, and listed 6'],
    loads: ids(6),
  },
  {
    what: 'a keyset listing of texts is in no order that texts may have',
    answers: () => (request, response) => {
      const behind = queryOf(request.url).get('after') ?? '';
      const all = ['b', 'a', 'd', 'c'].map((id) => ({ id, total: 1 }));
      json(response, { orders: all.filter(({ id }) => id > behind).slice(0, 2) });
    },
    more: paged('{type: keyset, key: id, param: after, size: 2}'),
    exit: 1,
    says: ['ETL0519', 'record 1 of the page has a, after b'],
    loads: [],
    requests: 1,
  },
  {
    what: 'a token has expired, which the API says with status 200: the next run reads the window anew',
    answers: () => {
      let asked = 0;
      return (request, response) => {
        asked += 1;
        const token = queryOf(request.url).get('after');
        if (token === null) return json(response, { orders: some(2), next: `t${asked}` });
        json(response, token === 't1' ? { error: 'the token has expired' } : { orders: some(2, 3) });
      };
    },
    loads: ids(4),
    runs: 2,
    requests: 5,
  },
];

const cursors: readonly Behaviour[] = ['2026-01-01 10:00:00', '2026-01-01'].map((at) => ({
  what: `a record was changed at ${at}, in a zone that nobody tells`,
  answers: always({ orders: [{ id: 'o1', total: 1, at }] }),
  more: { stream: '    cursor: {field: at, from: {query: since}}' },
  exit: 1,
  says: ['ETL0510', '`cursor: {type: string}`'],
  loads: [],
}));

const job = (
  answer: (job: string, step: 'jobs' | 'files', response: Parameters<Handler>[1]) => void,
): Pick<Behaviour, 'answers' | 'more'> => ({
  answers: () => {
    let made = 0;
    return ({ method, url = '' }, response) => {
      if (method === 'POST') made += 1;
      if (method === 'POST') return json(response, { id: `j${made}` });
      const [, step, id = ''] = url.split('/');
      answer(id, step === 'jobs' ? 'jobs' : 'files', response);
    };
  },
  more: {
    request: '{path: "/files/{job.id}"}',
    stream:
      '    job: {create: {method: POST, path: /jobs, take: {id: id}}, poll: {path: "/jobs/{job.id}", status: state, done: [DONE], failed: [FAILED], every: 5ms, within: 20ms}}',
  },
});

const jobs: readonly Behaviour[] = [
  {
    what: 'the file that a job has made is gone, which its store calls forbidden: the next run makes another one',
    ...job((id, step, response) => {
      if (step === 'jobs') return json(response, { state: 'DONE' });
      if (id === 'j1') return json(response, { error: 'Request has expired' }, 403);
      json(response, { orders: some(2) });
    }),
    loads: ids(2),
    runs: 2,
    requests: 8,
  },
  {
    what: 'a job is asked for, and the answer has no status',
    ...job((_, __, response) => json(response, { error: 'no such job' })),
    exit: 1,
    says: ['ETL0429', 'nothing stands at `state`', '`job.poll.status`'],
    loads: [],
  },
];

const graphql = (errors: unknown): (() => Handler) =>
  always({ data: { orders: [{ id: 'o1', total: null }] }, errors });
const queried = {
  request: '{method: POST, path: /graphql, body: {query: "{ orders { id total } }"}}',
  records: '    records: data.orders',
  stream: '',
};
const failed = [{ message: 'total failed', path: ['orders', 0, 'total'] }];

const answered: readonly Behaviour[] = [
  {
    what: 'GraphQL answers in part: what failed would be null',
    answers: graphql(failed),
    more: queried,
    exit: 1,
    says: ['ETL0411', 'total failed'],
    loads: [],
    requests: 1,
  },
  {
    what: 'GraphQL answers in part, and the source says that this is fine',
    answers: graphql(failed),
    more: {
      ...queried,
      source: 'responses: [{when: {body: {"errors[*].message": total failed}}, class: ok}]',
    },
    loads: ids(1),
  },
  {
    what: 'GraphQL has a list of errors with none in it',
    answers: graphql([]),
    more: queried,
    loads: ids(1),
  },
  {
    what: 'errors stand beside the records of an API that is no GraphQL',
    answers: always({ orders: some(1), numErrors: 1, errors: [{ message: 'one of the ids was not found' }] }),
    loads: ids(1),
  },
];

const csv = (
  body: string | Uint8Array,
  type = 'text/csv',
  csvKeys = '',
): Pick<Behaviour, 'answers' | 'more'> => ({
  answers: raw(body, { 'content-type': type }),
  more: { records: '', stream: `    format: csv\n${csvKeys}` },
});
const latin = Buffer.from('id,total\nM\xfcller,1\n', 'latin1');

const tables: readonly Behaviour[] = [
  {
    what: 'a message stands in the place of a table, which would be a table without rows',
    ...csv('Report could not be made, try again later\n'),
    exit: 1,
    says: ['ETL0531', 'no column "id"', '"Report could not be made"'],
    loads: [],
  },
  {
    what: 'a table without rows has another header',
    ...csv('order_id,total\n'),
    exit: 1,
    says: ['ETL0531', '"order_id", "total"'],
    loads: [],
  },
  { what: 'a table has no rows', ...csv('total,id\n'), loads: [] },
  {
    what: 'a table is in windows-1252, which its type says',
    ...csv(latin, 'text/tab-separated-values; charset=Cp1252'),
    loads: ['Müller'],
  },
  {
    what: 'a table is in UTF-8, and its type says something else',
    ...csv('id,total\nMüller,1\n', 'text/csv; charset=ISO-8859-1'),
    loads: ['Müller'],
  },
  {
    what: 'a table begins with the mark of UTF-8, and is declared as something else',
    ...csv('\uFEFFtotal,id\n1,Müller\n', 'text/csv', '    csv: {encoding: windows-1252}'),
    loads: ['Müller'],
  },
  {
    what: 'a table is in no encoding that is known',
    ...csv(latin, 'text/csv; charset=shift_jis'),
    exit: 1,
    says: ['ETL0505', 'not UTF-8'],
    loads: [],
  },
];

/** What providers do that is odd, and what a person may get wrong about them. None of it may lose a record without a word. */
describe('what is odd about APIs', function () {
  this.timeout(60_000);

  for (const [kind, behaviours] of Object.entries({
    misread,
    contradictory,
    cursors,
    jobs,
    answered,
    tables,
  })) {
    describe(kind, () => {
      for (const behaviour of behaviours) {
        it(behaviour.what, () => isAsExpected(behaviour));
      }
    });
  }
});
