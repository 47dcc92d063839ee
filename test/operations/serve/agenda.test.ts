import { expect } from 'chai';
import type { WhenPlan } from '../../../engine/model/schedule.ts';
import { Agenda, type Appointment } from '../../../engine/operations/serve/agenda.ts';
import { momentAfter } from '../../../engine/operations/serve/moments.ts';

const at = (text: string): number => Date.parse(`2026-03-01T${text}Z`);
const secondMs = 1000;
const minuteMs = 60 * secondMs;

const every = (minutes: number): WhenPlan => ({ kind: 'every', everyMs: minutes * minuteMs });

const appointment = (over: Partial<Appointment> = {}): Appointment => ({
  stream: 'shop.orders',
  mappings: ['orders'],
  when: every(15),
  handledMs: at('00:00:00'),
  jitter: 0,
  ...over,
});

function agendaOf(...appointments: readonly Partial<Appointment>[]): Agenda {
  const agenda = new Agenda();
  agenda.keep(appointments.map(appointment));
  return agenda;
}

const names = (agenda: Agenda, nowMs: number, max = 4) =>
  agenda.due(nowMs, max).map((group) => group.map(({ stream }) => stream));

const iso = (ms: number | undefined): string => new Date(ms ?? Number.NaN).toISOString();

describe('moments', () => {
  const next = (when: WhenPlan, after: string): string => iso(momentAfter(when, Date.parse(after)));

  it('of intervals are counted from midnight UTC, and begin anew there', () => {
    expect(next(every(15), '2026-03-01T10:07:00Z')).to.equal('2026-03-01T10:15:00.000Z');
    expect(next(every(15), '2026-03-01T10:15:00Z')).to.equal('2026-03-01T10:30:00.000Z');
    expect(next(every(7), '2026-03-01T23:58:00Z')).to.equal('2026-03-02T00:00:00.000Z');
    expect(next(every(48 * 60), '2026-03-01T10:00:00Z')).to.equal('2026-03-02T00:00:00.000Z');
  });

  it('of a cron expression go by the clock of its zone, summer time included', () => {
    const when: WhenPlan = { kind: 'cron', cron: '30 2 * * *', zone: 'Europe/Berlin' };
    expect(next(when, '2026-03-28T00:00:00Z')).to.equal('2026-03-28T01:30:00.000Z');
    // 02:30 does not exist in that night, and exists twice in the other one.
    expect(next(when, '2026-03-28T02:00:00Z')).to.equal('2026-03-29T01:00:00.000Z');
    expect(next(when, '2026-10-25T00:30:00Z')).to.equal('2026-10-26T01:30:00.000Z');
  });
});

describe('an agenda', () => {
  it('has a stream at its moment, a little after it, and not again while it is read', () => {
    const agenda = agendaOf({ jitter: 0.5 });
    expect(names(agenda, at('00:15:00'))).to.deep.equal([]);
    expect(iso(agenda.wakeAtMs())).to.equal('2026-03-01T00:15:15.000Z');
    expect(names(agenda, at('00:15:15'))).to.deep.equal([['shop.orders']]);
    agenda.begin('shop.orders', at('00:15:15'));
    expect(names(agenda, at('00:30:20'))).to.deep.equal([]);
    expect(agenda.wakeAtMs()).to.equal(undefined);
  });

  it('keeps the jitter within a tenth of the interval', () => {
    const agenda = agendaOf({ when: { kind: 'every', everyMs: 30 * secondMs }, jitter: 0.999 });
    expect(iso(agenda.wakeAtMs())).to.equal('2026-03-01T00:00:32.997Z');
  });

  it('makes one run of all the moments that were missed', () => {
    const agenda = agendaOf({ handledMs: at('00:00:00') - 24 * 60 * minuteMs });
    expect(agenda.due(at('00:07:00'), 4)).to.deep.equal([[{ stream: 'shop.orders', isCatchingUp: true }]]);
    agenda.begin('shop.orders', at('00:07:00'));
    agenda.end('shop.orders', true, at('00:50:00'));
    // The run took longer than two intervals: one run follows at once, and then the next moment.
    expect(agenda.due(at('00:50:00'), 4)).to.deep.equal([[{ stream: 'shop.orders', isCatchingUp: true }]]);
    agenda.begin('shop.orders', at('00:50:00'));
    agenda.end('shop.orders', true, at('00:51:00'));
    expect(iso(agenda.wakeAtMs())).to.equal('2026-03-01T01:00:00.000Z');
  });

  it('tries again after a failure, later each time, and after five of them at the next moment', () => {
    const agenda = agendaOf({ when: every(60) });
    let nowMs = at('01:00:00');
    const waits: number[] = [];
    for (let failure = 1; failure <= 7; failure += 1) {
      agenda.begin('shop.orders', nowMs);
      expect(agenda.end('shop.orders', false, nowMs)).to.equal(undefined);
      const nextMs = agenda.nextMs('shop.orders');
      waits.push((nextMs - nowMs) / secondMs);
      nowMs = nextMs;
    }
    expect(waits.slice(0, 5)).to.deep.equal([30, 60, 120, 240, 300]);
    expect(waits.slice(5)).to.deep.equal([(60 - 12.5) * 60, 3600]);
    agenda.begin('shop.orders', nowMs);
    expect(agenda.end('shop.orders', true, nowMs + minuteMs)).to.equal(nowMs);
    agenda.begin('shop.orders', nowMs);
    agenda.end('shop.orders', false, nowMs);
    expect(agenda.nextMs('shop.orders') - nowMs).to.equal(30 * secondMs);
  });

  it('does not try more often than it waits after failures, however short the interval is', () => {
    const agenda = agendaOf({ when: { kind: 'every', everyMs: 5 * secondMs } });
    const nowMs = at('00:00:05');
    for (let failure = 1; failure <= 9; failure += 1) {
      agenda.begin('shop.orders', nowMs);
      agenda.end('shop.orders', false, nowMs);
    }
    expect(agenda.nextMs('shop.orders') - nowMs).to.equal(300 * secondMs);
  });

  it('reads streams of one mapping in one run, or one after the other', () => {
    const gone = { stream: 'shop.deleted', mappings: ['orders'] };
    const agenda = agendaOf({}, gone, { stream: 'crm.contacts', mappings: ['contacts'] });
    expect(names(agenda, at('00:15:00'))).to.deep.equal([['shop.orders', 'shop.deleted'], ['crm.contacts']]);
    agenda.begin('shop.orders', at('00:15:00'));
    expect(names(agenda, at('00:15:00'))).to.deep.equal([['crm.contacts']]);
  });

  it('gives no more than are asked for, those that wait longest first', () => {
    const agenda = agendaOf(
      { stream: 'a.later', mappings: ['later'], when: every(20) },
      { stream: 'a.sooner', mappings: ['sooner'], when: every(10) },
    );
    expect(names(agenda, at('00:20:00'), 1)).to.deep.equal([['a.sooner']]);
  });

  it('goes on as it stands where a project is applied anew', () => {
    const agenda = agendaOf({}, { stream: 'crm.contacts', mappings: ['contacts'] });
    agenda.begin('shop.orders', at('00:15:00'));
    agenda.end('shop.orders', true, at('00:16:00'));
    agenda.keep([
      appointment({ handledMs: at('00:00:00') }),
      appointment({ stream: 'shop.items', mappings: ['items'], when: every(20), handledMs: at('00:16:00') }),
    ]);
    expect(agenda.streams).to.deep.equal(['shop.orders', 'shop.items']);
    expect(iso(agenda.nextMs('shop.orders'))).to.equal('2026-03-01T00:30:00.000Z');
    expect(iso(agenda.nextMs('shop.items'))).to.equal('2026-03-01T00:20:00.000Z');
    agenda.keep([appointment({ when: every(60) })]);
    expect(iso(agenda.nextMs('shop.orders'))).to.equal('2026-03-01T01:00:00.000Z');
  });
});
