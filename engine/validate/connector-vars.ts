import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import type { NamedConnector } from './connectors.ts';
import { fillingFor } from './environment.ts';
import { objectAt, textAt } from './json.ts';
import { complain, valuePlace } from './places.ts';
import type { Filling } from './substitute.ts';

/** What a connector says of one variable that its settings use. */
interface DeclaredVar {
  readonly name: string;
  readonly default?: string | number | boolean;
  readonly description?: string;
  readonly example?: unknown;
}

/** How the variables of a document are filled in, and those that its connector needs and nobody gives. */
export interface ConnectorFilling {
  readonly filling: Filling;
  readonly diagnostics: readonly Diagnostic[];
}

const declaredVars = (document: SourceDocument): readonly DeclaredVar[] =>
  Object.entries(objectAt(document.value, 'vars')).map(([name, declared]) => ({
    name,
    ...objectAt(declared),
  }));

/** By itself a connector has no values for its variables: its sources have. */
const ofItself = (filling: Filling): Filling => ({ ...filling, treatment: () => 'leave' });

/** The variables of a source come before the defaults of its connector. */
export function connectorFilling(
  document: SourceDocument,
  connector: NamedConnector | undefined,
  filling: Filling,
): ConnectorFilling {
  if (textAt(document.value, 'kind') === 'connector') return { filling: ofItself(filling), diagnostics: [] };
  if (connector === undefined) return { filling: fillingFor(document, filling), diagnostics: [] };
  const declared = declaredVars(connector.document);
  const usual = declared.flatMap(({ name, default: value }) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const variables = new Map([...usual, ...filling.variables]);
  const whole = fillingFor(document, { ...filling, variables });
  const missing = declared.filter(({ name }) => !whole.variables.has(name));
  return {
    filling: { ...whole, incomplete: filling.incomplete || missing.length > 0 },
    diagnostics: filling.incomplete ? [] : missing.map((one) => missingVar(document, connector, one)),
  };
}

const missingVar = (
  source: SourceDocument,
  { name: connector }: NamedConnector,
  one: DeclaredVar,
): Diagnostic => {
  const { name, description, example = '…' } = one;
  return complain(
    'ETL0273',
    valuePlace(source, '/connector'),
    `the connector ${connector} needs the variable \`${name}\``,
    {
      label: description,
      help: [`say it in this source: \`vars: {${name}: ${example}}\``],
    },
  );
};
