import { expect } from 'chai';
import { knownPath } from '../../engine/model/path.ts';
import type { RecordedExchange, Recording } from '../../engine/model/recording.ts';
import { linesNaming, withoutRecorded } from '../../engine/operations/forget-recordings.ts';
import { eraserOf } from '../support/erasers.ts';
import { mapping, property, stream } from '../support/mappings.ts';

const people = stream({ name: 'people', records: knownPath('people'), subject: knownPath('id') });
const eraser = eraserOf(people, [mapping([property('id')])], '4711', {});

const exchange = (target: string, body: object, over: Partial<RecordedExchange> = {}): RecordedExchange => ({
  ...{ file: `recordings/shop.people/${target}.yml`, method: 'GET', target, status: 200 },
  ...{ headers: {}, body: JSON.stringify(body) },
  ...over,
});

const recordingOf = (exchanges: readonly RecordedExchange[], name = 'shop.people'): Recording => ({
  ...{ format: 1, stream: name, recordedAt: '2026-01-31T12:00:00Z', engine: '0.1.0', from: 'api' },
  ...{ baseUrl: 'https://x', exchanges },
});

const ann = { name: 'Ann Quill' };
const bob = { id: 12, name: 'Bob' };

describe('a recording of somebody who is to be forgotten', () => {
  it('keeps a tombstone that says nothing of them, and everything else', () => {
    const body = `{"people": [{"id": 4711, "name": "Ann Quill"}, {"id": 12, "big": 12345678901234567890}]}`;
    const { recordings, files } = withoutRecorded(
      [eraser],
      [recordingOf([exchange('/people', {}, { body }), exchange('/people?page=2', { people: [bob] })])],
      'salt',
    );
    expect(files.map(({ records }) => records)).to.deep.equal([1]);
    const [erased] = recordings[0]?.exchanges ?? [];
    expect(erased?.body).to.contain('"big": 12345678901234567890').and.contain('$forgotten');
    expect(erased?.body).to.not.contain('4711').and.not.contain('Ann');
  });

  it('pages on by a key that named them', () => {
    const next = 'https://x/people?after=4711';
    const link = `<${next}>; rel="next"`;
    const { recordings, files } = withoutRecorded(
      [eraser],
      [
        recordingOf([
          exchange(
            '/people',
            { people: [{ id: 4711, name: 'Ann' }], next, last: 4711 },
            { headers: { link } },
          ),
          exchange('/people?after=4711', { people: [bob] }),
        ]),
      ],
      'salt',
    );
    const [first, second] = recordings[0]?.exchanges ?? [];
    const page = JSON.parse(first?.body ?? '') as {
      readonly people: readonly { readonly id: string }[];
      readonly next: string;
      readonly last: string;
    };
    const id = page.people[0]?.id;
    expect(second?.target).to.equal(`/people?after=${id}`);
    expect([page.next, page.last]).to.deep.equal([`https://x/people?after=${id}`, id]);
    expect(first?.headers).to.deep.equal({ link: `<https://x/people?after=${id}>; rel="next"` });
    expect(files.map(({ records }) => records)).to.deep.equal([1, 0]);
  });

  it('is left as it is where nothing is said of them, and named where nobody can tell', () => {
    const found = withoutRecorded(
      [eraser],
      [
        recordingOf([
          exchange('/people', { people: [bob] }),
          exchange('/people?page=2', { persons: [ann.name] }),
          exchange('/people?page=3', { error: 'not found' }, { status: 404 }),
        ]),
        recordingOf([exchange('/skus', { skus: [] })], 'shop.skus'),
      ],
      'salt',
    );
    expect(found).to.deep.equal({
      ...{ recordings: [], files: [], notSearched: ['shop.skus'] },
      unread: ['recordings/shop.people//people?page=2.yml'],
    });
  });

  it('is told of in other files by the line', () => {
    const texts = new Map([
      ['a.yml', 'x: 47110\ny: "4711"\nz: 4711'],
      ['b.yml', 'fine'],
    ]);
    const known = [{ file: 'a.yml', line: 3, what: 'a record' }];
    expect(linesNaming([eraser], texts, known)).to.deep.equal([
      { file: 'a.yml', line: 2, what: 'names them' },
    ]);
  });
});
