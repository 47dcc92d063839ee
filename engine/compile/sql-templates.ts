import Handlebars from 'handlebars';
import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint, RefusedError } from '../model/errors.ts';
import type { Dialect } from '../model/plan.ts';
import type { Project, ProjectTemplate } from '../model/project.ts';
import { identifiers, texts } from './column-types.ts';

const statementEnd = /;?\n---\n/;

/** Templates of the project that statements come from, by the template's name. */
export type OwnFiles = { readonly [template: string]: string };

interface Chosen {
  readonly text: string;
  /** Of the project; absent for the package's. */
  readonly file?: string;
}

/** The templates of one dialect, the project's own before the package's, and those of one mapping before both. */
export class SqlTemplates {
  readonly #chosen: ReadonlyMap<string, Chosen>;
  readonly #handlebars = Handlebars.create();
  readonly #more: object;

  constructor(
    { templates, ownTemplates }: Pick<Project, 'templates' | 'ownTemplates'>,
    dialect: Dialect,
    { mapping, more }: { readonly mapping?: string; readonly more: object },
  ) {
    this.#more = more;
    this.#handlebars.registerHelper('id', identifiers[dialect]);
    this.#handlebars.registerHelper('text', texts[dialect]);
    this.#handlebars.registerHelper('position', (index: number) => index + 1);
    this.#chosen = chosenOf(templates, ownTemplates, dialect, mapping);
    for (const [name, one] of this.#chosen) this.#handlebars.registerPartial(name, one.text.trim());
  }

  has(name: string): boolean {
    return this.#chosen.has(name);
  }

  statements(name: string, context: object): readonly string[] {
    return this.render(name, context).split(statementEnd);
  }

  render(name: string, context: object): string {
    const chosen = this.#chosen.get(name);
    if (chosen === undefined) throw new Error(`Assertion failed: there is a template ${name}.sql.hbs`);
    const render = this.#handlebars.compile(chosen.text, { noEscape: true, strict: true });
    try {
      return render({ ...context, ...this.#more }).trim();
    } catch (error) {
      // In a template of ours it is a bug of ours.
      const file = this.#fileOf(name);
      if (file === undefined) throw error;
      throw new RefusedError('invalid', [unrendered(file, (error as Error).message)]);
    }
  }

  /** Which of these come from the project, or use a part that does. */
  own<Name extends string>(names: readonly Name[], templateOf = (name: Name): string => name): OwnFiles {
    const found = names.flatMap((name) => {
      const file = this.#fileOf(templateOf(name));
      return file === undefined ? [] : [[name, file] as const];
    });
    return Object.fromEntries(found);
  }

  #fileOf(name: string): string | undefined {
    const { file, text = '' } = this.#chosen.get(name) ?? {};
    if (file !== undefined) return file;
    const parts = [...text.matchAll(/\{\{~?>\s*([\w-]+)/g)].map(([, part = '']) => part);
    return parts.flatMap((part) => this.#chosen.get(part)?.file ?? [])[0];
  }
}

function chosenOf(
  templates: Project['templates'],
  ownTemplates: readonly ProjectTemplate[],
  dialect: Dialect,
  mapping: string | undefined,
): ReadonlyMap<string, Chosen> {
  const chosen = new Map<string, Chosen>();
  for (const [path, text] of Object.entries(templates)) {
    const [of, name] = path.split('/');
    if (of === dialect && name !== undefined) chosen.set(name, { text });
  }
  const here = ownTemplates.filter((one) => one.dialect === dialect);
  const shared = here.filter((one) => one.mapping === undefined);
  const ours = here.filter((one) => mapping !== undefined && one.mapping === mapping);
  for (const { name, text, file } of [...shared, ...ours]) chosen.set(name, { text, file });
  return chosen;
}

/** Templates of a project that cannot be read, each with its line. */
export const templateSyntax = ({ ownTemplates }: Project): readonly Diagnostic[] =>
  ownTemplates.flatMap(({ file, text }) => {
    try {
      Handlebars.parse(text);
      return [];
    } catch (error) {
      return [unreadable(file, text, (error as Error).message)];
    }
  });

const unrendered = (file: string, message: string): Diagnostic => ({
  ...complaint(
    'ETL0310',
    `the template ${file} cannot be rendered: ${message}`,
    'docs/templates.md says what each template is given.',
  ),
  place: { file, line: 1, column: 1, endColumn: 2, text: '' },
});

function unreadable(file: string, text: string, message: string): Diagnostic {
  // `Parse error on line 3: …`, or `each doesn't match if - 2:3`.
  const line = Number(/line (\d+)|(\d+):\d+$/.exec(message)?.slice(1).find(Boolean) ?? 1);
  const source = text.split('\n')[line - 1] ?? '';
  return {
    code: 'ETL0309',
    severity: 'error',
    summary: `the template ${file} is not valid Handlebars`,
    place: { file, line, column: 1, endColumn: Math.max(2, source.length + 1), text: source },
    label: message.split('\n').at(-1) ?? '',
    help: ['See handlebarsjs.com for the syntax.'],
  };
}
