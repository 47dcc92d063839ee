import { isSeq, parseDocument } from 'yaml';
import type * as config from '../model/config.ts';

/** Longest line that is not folded: a reason stays on its line. */
const lineWidth = 0;

const headOf = (mapping: string): string => `# Values that people have set for single records, until a date.
# etl blockers override adds to it; review it like any other change.
kind: overrides
mapping: ${mapping}
overrides: []
`;

/** The text of a file of overrides with more of them; all else in it stays as it is, comments too. */
export function withOverrides(
  text: string | undefined,
  mapping: string,
  added: readonly config.Override[],
): string {
  const document = parseDocument(text ?? headOf(mapping));
  const list = document.get('overrides');
  if (isSeq(list)) list.flow = false;
  else document.set('overrides', document.createNode([]));
  for (const one of added) {
    const node = document.createNode(entryOf(one));
    for (const name of ['set', 'was']) {
      const values = node.get(name, true);
      if (values !== undefined) Object.assign(values, { flow: true });
    }
    document.addIn(['overrides'], node);
  }
  return document.toString({ lineWidth });
}

/** In the order in which people read it. */
const entryOf = ({
  account,
  record,
  index,
  set,
  was,
  expires,
  reason,
  blocker,
}: config.Override): object => ({
  ...(account !== undefined && { account }),
  record: escaped(String(record)),
  ...(index !== undefined && { index }),
  set: literal(set),
  ...(was && { was: literal(was) }),
  expires,
  reason: escaped(reason),
  ...(blocker !== undefined && { blocker }),
});

type Values = config.Override['set'];

/** Nothing in a value is a reference. */
const escaped = (text: string): string => text.replaceAll('${', () => '$${');

const literal = (values: Values): Values =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === 'string' ? escaped(value) : value]),
  );
