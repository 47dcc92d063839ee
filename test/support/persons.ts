import { createHmac } from 'node:crypto';
import { type Api, api, json } from './cli.ts';

/** What its projects are run with; tests add to it. */
export const env = { PII_KEY: 'a key for tokens, long enough', STAGING_URL: '', REDIS_URL: '' };
const mail = 'zephyrine.quill@example.test';
const token = createHmac('sha256', env.PII_KEY).update(mail).digest('hex');

const zephyrine = {
  id: 990017,
  name: 'Zéphyrine Quillfeather',
  mail: ` ${mail.toUpperCase()} `,
  phone: '+49-151-77712345',
  note: 'prefers-oat-milk-xq',
  born: 'on-a-rainy-day-zq',
  score: 99,
};

/** What of Zephyrine must not be found anywhere. */
export const secrets = [
  '990017',
  'Quillfeather',
  'phyrine',
  mail,
  mail.toUpperCase(),
  token,
  zephyrine.phone,
  zephyrine.note,
  zephyrine.born,
  'Rue-des-Zinnias-88',
  'engraved-for-zq',
];

const other = (id: number) => ({
  id,
  name: `Person ${id}`,
  mail: `person${id}@example.test`,
  phone: `+49-151-0000${id}`,
  note: `note-of-${id}`,
  born: '1984-05-12',
  score: 5,
});

const people = [other(101), other(102), zephyrine, other(103), other(104)];

const order = (
  id: string,
  customer: { readonly id: number; readonly name: string; readonly mail: string },
) => ({
  id,
  customer: { id: customer.id, name: customer.name, mail: customer.mail },
  street: customer.id === zephyrine.id ? 'Rue-des-Zinnias-88' : `Street ${customer.id}`,
  total: '19.90',
  lines: [
    { sku: `mug-${id}`, text: customer.id === zephyrine.id ? 'engraved-for-zq' : 'plain' },
    { sku: `cup-${id}`, text: 'plain' },
  ],
});

const orders = [
  order('o1', other(101)),
  order('o2', zephyrine),
  order('o3', other(102)),
  order('o4', other(103)),
  order('o5', zephyrine),
];

/** A project that reads people, their orders and goods without persons; `more` goes to etl.yml. */
export const project = (url: string, more = ''): Record<string, string> => ({
  'etl.yml': `kind: project\nname: demo\npii: {key: "\${env:PII_KEY}"}\n${more}`,
  'sources/crm.yml': `kind: source
name: crm
baseUrl: ${url}
redact: ["*.note", note]
streams:
  people:
    request: {path: /people}
    records: people
    primaryKey: [id]
    subject: id
    paginate: {type: offset, param: from, size: 2, orderedBy: [id]}
  orders:
    request: {path: /orders}
    records: orders
    primaryKey: [id]
    subject: customer.id
    paginate: {type: offset, param: from, size: 2, orderedBy: [id]}
  skus:
    request: {path: /skus}
    records: skus
    primaryKey: [sku]
`,
  'mappings/people.yml': `kind: mapping
name: people
from: crm.people
load: {key: [id]}
properties:
  id: {from: id, type: integer}
  name: {from: name, type: string}
  mail: {from: mail, type: string, pii: hmac, transform: [trim, lower]}
  score: {from: score, type: integer}
checks:
  - {kind: range, column: score, max: 10, severity: warn}
`,
  'mappings/birthdays.yml': `kind: mapping
name: birthdays
from: crm.people
load: {key: [id]}
properties:
  id: {from: id, type: integer}
  phone: {from: phone, type: string}
  born: {from: born, type: date}
`,
  'mappings/orders.yml': `kind: mapping
name: orders
from: crm.orders
load: {key: [id]}
properties:
  id: {from: id, type: string}
  customer: {from: customer.name, type: string}
  mail: {from: customer.mail, type: string, pii: hmac, transform: [trim, lower]}
  street: {from: street, type: string}
`,
  'mappings/lines.yml': `kind: mapping
name: lines
from: crm.orders
each: lines
load: {key: [order_id, sku]}
properties:
  order_id: {from: $parent.id, type: string}
  sku: {from: sku, type: string}
  text: {from: text, type: string}
`,
  'mappings/skus.yml': `kind: mapping
name: skus
from: crm.skus
load: {key: [sku]}
properties:
  sku: {from: sku, type: string}
`,
});

/** A provider that goes on serving Zephyrine, who is 990017. */
export const crm = (): Promise<Api> =>
  api((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    const from = Number(searchParams.get('from') ?? 0);
    json(response, replyTo(pathname, from));
  });

function replyTo(pathname: string, from: number): unknown {
  const customer = /^\/customers\/(\d+)$/.exec(pathname)?.[1];
  if (customer !== undefined) return { vip: `vip-since-${customer === '990017' ? 'zq' : customer}` };
  if (pathname === '/people') return { people: people.slice(from, from + 2) };
  if (pathname === '/orders') return { orders: orders.slice(from, from + 2) };
  return { skus: [{ sku: 'mug' }] };
}
