import { redisStore } from '../../engine/services/limiter/redis/redis-store.ts';

/** Takes a lease, renews it for ever, and says so: to be killed. */
const [url = '', prefix = '', domain = ''] = process.argv.slice(2);
const store = redisStore({ url, prefix });
const limits = [
  {
    id: 'rest',
    partition: '',
    cost: 1,
    shape: { kind: 'concurrency', count: 1, leaseUs: 1_500_000 },
    even: false,
    used: 1,
    raiseMax: 1,
  } as const,
];
const ask = {
  member: 'm',
  process: 'holder',
  weight: 1,
  low: false,
  backlog: false,
  horizonUs: 250_000,
  limits,
};
let answer = await store.ask(domain, ask, []);
while (answer.kind !== 'grant') {
  await new Promise((resolve) => setTimeout(resolve, 50));
  answer = await store.ask(domain, ask, []);
}
const { ticket } = answer;
setInterval(() => void store.renew(domain, [{ ticket: ticket.id, limits }]), 500);
console.log('held');
