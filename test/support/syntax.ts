import ts from 'typescript';

function* nodes(node: ts.Node): Generator<ts.Node> {
  yield node;
  for (const child of node.getChildren()) yield* nodes(child);
}

const parsed = (code: string): ts.Node => ts.createSourceFile('code.ts', code, ts.ScriptTarget.ES2023, true);

/** Whether code escapes the type checker. */
export function escapesTypes(code: string): boolean {
  if (/@ts-(?:ignore|nocheck)\b/.test(code)) return true;
  return [...nodes(parsed(code))].some((node) => node.kind === ts.SyntaxKind.AnyKeyword);
}

const statement =
  /\b(?:SELECT\s.*\bFROM|(?:INSERT|MERGE)\s+INTO|UPDATE\s.*\bSET|DELETE\s+FROM|(?:CREATE|ALTER|DROP)\s+TABLE)\b/s;

/** Whether a string literal of the code holds an SQL statement; comments may name one. */
export const holdsSql = (code: string): boolean =>
  [...nodes(parsed(code))].some(
    (node) =>
      (ts.isLiteralExpression(node) || ts.isTemplateExpression(node)) && statement.test(node.getText()),
  );
