import { expect } from 'chai';
import { compileDescriptions } from '../../../engine/execute/map/describe.ts';
import type { DescribePlan } from '../../../engine/model/describe-plan.ts';
import { describedName, describedText } from '../../../engine/model/described-text.ts';
import { knownPath } from '../../../engine/model/path.ts';
import { stream } from '../../support/mappings.ts';

const plan: DescribePlan = {
  stream: stream(),
  id: describedName('{namespace}.{key}'),
  name: describedName('{namespace}.{key}'),
  label: knownPath('name'),
  type: knownPath('type.name'),
  types: {
    text: { type: 'string' },
    date_time: { type: 'timestamp', zone: 'UTC' },
    money: { type: 'decimal(18,2)', at: 'amount' },
    'list.*': { type: 'json' },
  },
  path: describedText("fields[namespace='{namespace}' and key='{key}'].value"),
  under: knownPath(''),
  custom: [],
  multiple: [],
  separator: ';',
  options: knownPath("validations[name='choices'].value"),
  optionValue: knownPath('value'),
  optionLabel: knownPath('label'),
  currency: {
    where: [{ path: knownPath('type.name'), text: 'type.name', op: 'eq', value: 'money' }],
    from: describedText("fields[namespace='{namespace}' and key='{key}'].value.currency"),
  },
};

const read = compileDescriptions(plan);

const described = (key: string, type: string, more: object = {}) =>
  read({ namespace: 'custom', key, name: 'Name', type: { name: type }, ...more });

describe('descriptions of what stands in a list', () => {
  it('have a name of several fields, and a path that says them', () => {
    expect(described('color', 'text')).to.deep.equal({
      property: {
        ...{ id: 'custom.color', name: 'custom.color', label: 'Name', type: 'string', providerType: 'text' },
        path: "fields[namespace='custom' and key='color'].value",
      },
    });
    expect(described('it\'s \\ "so"', 'text')?.property.path).to.equal(
      String.raw`fields[namespace='custom' and key='it\'s \\ "so"'].value`,
    );
  });

  it('say how a value is read by its type', () => {
    expect(described('at', 'date_time')?.property).to.include({ type: 'timestamp', zone: 'UTC' });
    expect(described('price', 'money')?.property).to.include({
      type: 'decimal(18,2)',
      path: "fields[namespace='custom' and key='price'].value.amount",
      currency: "fields[namespace='custom' and key='price'].value.currency",
    });
    expect(described('all', 'list.text')?.property.type).to.equal('json');
    expect(described('odd', 'hologram')).to.include({ unknownType: 'hologram' });
  });

  it('list options that are the JSON text of a list', () => {
    const choices = (value: string) =>
      described('color', 'text', {
        validations: [
          { name: 'max', value: '3' },
          { name: 'choices', value },
        ],
      })?.property.options;
    expect(choices('["red","blue"]')).to.deep.equal([{ value: 'red' }, { value: 'blue' }]);
    expect(choices('red, blue')).to.equal(undefined);
  });

  it('are none without what the name is made of', () => {
    expect(read({ namespace: 'custom', type: { name: 'text' } })).to.equal(undefined);
    expect(read({ namespace: '', key: 'color', type: { name: 'text' } })).to.equal(undefined);
  });
});
