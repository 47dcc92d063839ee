import Handlebars from 'handlebars';
import jsonata from 'jsonata';
import type * as config from '../model/config.ts';
import type { Diagnostic, Place } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';

/** The file that declares a source or mapping of this name. */
const declaring = (documents: readonly SourceDocument[], kind: string, name: string) =>
  documents.find(({ value }) => {
    const own = value as { kind?: unknown; name?: unknown };
    return own.kind === kind && own.name === name;
  });

/** The template or expression of a property that cannot be read. */
export function propertySyntax(
  mapping: string,
  name: string,
  { template, expr }: config.Property,
  documents: readonly SourceDocument[],
): readonly Diagnostic[] {
  const document = declaring(documents, 'mapping', mapping);
  const place = (key: string): Place | undefined => document?.nodes.get(`/properties/${name}/${key}`)?.value;
  const of = `${mapping}.${name}`;
  return [
    ...(template === undefined ? [] : templateMistakes(template, of, place('template'))),
    ...(expr === undefined ? [] : expressionMistakes(expr, of, place('expr'))),
  ];
}

/** Expressions of a source's limits that cannot be read. */
export function costSyntax(
  { name, budget }: config.Source,
  documents: readonly SourceDocument[],
): readonly Diagnostic[] {
  const document = declaring(documents, 'source', name);
  return (budget?.limits ?? []).flatMap(({ id, cost }, index) => {
    const place = document?.nodes.get(`/budget/limits/${index}/cost/expr`)?.value;
    return cost?.expr === undefined ? [] : expressionMistakes(cost.expr, `the cost in ${name}.${id}`, place);
  });
}

function templateMistakes(template: string, of: string, place: Place | undefined): readonly Diagnostic[] {
  try {
    Handlebars.parse(template);
    return [];
  } catch (error) {
    const label = (error as Error).message.split('\n').at(-1) ?? '';
    return [unreadable('ETL0301', `the Handlebars template of ${of}`, place, label, 'handlebarsjs.com')];
  }
}

function expressionMistakes(expr: string, of: string, place: Place | undefined): readonly Diagnostic[] {
  try {
    jsonata(expr);
    return [];
  } catch (error) {
    const { message } = error as Error;
    return [unreadable('ETL0302', `the JSONata expression of ${of}`, place, message, 'docs.jsonata.org')];
  }
}

const unreadable = (
  code: string,
  what: string,
  place: Place | undefined,
  label: string,
  reference: string,
): Diagnostic => ({
  code,
  severity: 'error',
  summary: `${what} cannot be read`,
  ...(place && { place }),
  label,
  help: [`See ${reference} for the syntax.`],
});
