import Handlebars from 'handlebars';
import { Invalid } from './invalid.ts';
import type { UnitReader } from './unit.ts';

/** Data is all that a template sees; a record's `constructor` is a key like any other. */
const sealed = { allowProtoPropertiesByDefault: false, allowProtoMethodsByDefault: false };

/** A Handlebars template over the unit; in `each`, `parent` is the record and `index` the element's position. */
export function compileTemplate(template: string): UnitReader {
  const handlebars = Handlebars.create();
  // It would write to the console.
  handlebars.unregisterHelper('log');
  const render = handlebars.compile(template, { noEscape: true });
  return (element, record, index) => {
    try {
      return render(index === null ? record : context(element, record, index), sealed);
    } catch (error) {
      return new Invalid('computed', `the template failed: ${(error as Error).message}`);
    }
  };
}

const context = (element: unknown, parent: unknown, index: number): object => ({
  ...(typeof element === 'object' ? element : { value: element }),
  parent,
  index,
});
