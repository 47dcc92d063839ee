import { expect } from 'chai';
import type { Project } from '../../engine/model/project.ts';
import { projectNames, projectSchema } from '../../engine/operations/project-schema.ts';
import { checkSchema } from '../../engine/validate/schema.ts';
import { text } from '../support/root.ts';

const project = {
  sources: [{ name: 'shop', streams: { orders: {} } }],
  mappings: [{ name: 'orders', tags: ['finance'], properties: { id: {}, price: {} } }],
} as unknown as Project;

const schema: unknown = JSON.parse(text('schema.json'));
const names = projectNames(project, ['dev'], ['shopify']);
const exported = projectSchema(schema, names);

const kindsIn = (value: unknown): readonly string[] =>
  [...JSON.stringify(value).matchAll(/"x-names":"(\w+)"/g)].map(([, kind = '']) => kind);

describe('the schema of a project', () => {
  it('has names for every place that asks for some', () => {
    expect(new Set(kindsIn(schema))).to.deep.equal(new Set(Object.keys(names)));
    expect(kindsIn(exported)).to.deep.equal([]);
  });

  it('is a schema that takes the same files, known names and new ones', () => {
    const mapping = (from: string, key: string) => ({
      kind: 'mapping',
      name: 'more',
      from,
      load: { key: [key] },
      properties: { id: { from: 'id', type: 'string' } },
    });
    expect(checkSchema(exported, mapping('shop.orders', 'id')).errors).to.deep.equal([]);
    expect(checkSchema(exported, mapping('shop.returns', 'return_id')).errors).to.deep.equal([]);
    expect(checkSchema(exported, mapping('returns', 'id')).errors).to.not.deep.equal([]);
  });

  it('asks for no names where the project has none', () => {
    const empty = projectSchema(schema, projectNames({ ...project, sources: [], mappings: [] }, [], []));
    expect(empty).to.deep.equal(schema);
  });
});
