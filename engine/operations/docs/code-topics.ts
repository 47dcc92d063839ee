import type { Topic } from '../../model/topic.ts';

const heading = /^## (ETL\d{4}) — (.+)$/;

/** A topic for each entry of docs/diagnostics.md. */
export const codeTopics = (diagnostics: string): readonly Topic[] =>
  diagnostics.split(/^(?=## ETL)/m).flatMap((entry) => {
    const [first = '', ...rest] = entry.split('\n');
    const [, name, what] = heading.exec(first) ?? [];
    if (name === undefined || what === undefined) return [];
    return { kind: 'code', name, title: `${name}: ${what}`, summary: what, markdown: rest.join('\n').trim() };
  });
