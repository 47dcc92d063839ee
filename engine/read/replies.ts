import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { ExampleReply } from '../model/connector-check.ts';

interface Written {
  readonly [key: string]: unknown;
}

/** The replies that a connector has written down (`examples/replies.yml`), or why there are none. */
export function readReplies(path: string): readonly ExampleReply[] | string {
  if (!existsSync(path)) return 'examples/replies.yml is missing: what the API says when it refuses';
  let written: unknown;
  try {
    written = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return `examples/replies.yml is not valid YAML: ${(error as Error).message.split('\n')[0]}`;
  }
  if (!Array.isArray(written)) return 'examples/replies.yml is no list of replies';
  const replies = written.map(replyOf);
  const wrong = replies.indexOf(undefined);
  if (wrong >= 0)
    return `reply ${wrong + 1} of examples/replies.yml lacks \`status\`, a number, or \`class\``;
  return replies as readonly ExampleReply[];
}

function replyOf(written: Written | null): ExampleReply | undefined {
  const { name, status, headers, body = '', class: kind, limit } = written ?? {};
  if (typeof status !== 'number' || typeof kind !== 'string') return undefined;
  return {
    name: typeof name === 'string' ? name : `a reply with ${status}`,
    status,
    headers: Object.fromEntries(
      Object.entries((headers ?? {}) as Written).map(([header, value]) => [
        header.toLowerCase(),
        String(value),
      ]),
    ),
    body: typeof body === 'string' ? body : JSON.stringify(body),
    class: kind,
    ...(typeof limit === 'string' && { limit }),
  };
}
