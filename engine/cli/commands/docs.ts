import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Args, Flags } from '@oclif/core';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { complaint, RefusedError } from '../../model/errors.ts';
import type { Topic } from '../../model/topic.ts';
import { findTopics, topicsOf } from '../../operations/docs/topics.ts';
import { exitCodes } from '../../report/exit-code.ts';
import { siteFiles } from '../../report/site/site.ts';
import { topicList, topicText } from '../../report/topic-text.ts';
import { didYouMean } from '../../validate/suggest.ts';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { docsSources } from '../docs-sources.ts';
import { version } from '../package.ts';

export default class Docs extends BaseCommand {
  static override readonly summary =
    'Read about a command, a key of the YAML, a code of a complaint, or a page.';
  static override readonly description =
    'The documentation of this very version, offline. Without a topic: what there is to read. With `--out` all of it as a site of HTML files.';
  static override readonly examples = [
    '<%= config.bin %> docs ETL0103',
    '<%= config.bin %> docs paginate.type',
    '<%= config.bin %> docs state show',
    '<%= config.bin %> docs --out site',
  ];
  static override readonly strict = false;
  static override readonly args = {
    topic: Args.string({ description: 'A code, a command, a key or its last parts, or a page.' }),
  };
  static override readonly flags = {
    json: commonFlags.json,
    format: commonFlags.format,
    out: Flags.string({ description: 'Write all pages as HTML into this folder.', helpValue: 'FOLDER' }),
  };

  protected override async perform(): Promise<Outcome> {
    const { argv, flags } = await this.parse(Docs);
    const topics = topicsOf(docsSources());
    if (flags.out !== undefined) return written(topics, flags.out);
    const asked = argv.join(' ');
    if (asked === '') return listed(topics.filter(({ kind }) => kind !== 'key' && kind !== 'code'));
    const found = findTopics(topics, asked);
    const [only] = found;
    if (only === undefined) throw new RefusedError('invalid', [nothing(asked, topics)]);
    if (found.length > 1) return listed(found);
    return { exitCode: exitCodes.ok, result: only, diagnostics: [], text: topicText(only) };
  }
}

function nothing(asked: string, topics: readonly Topic[]): Diagnostic {
  const guess = didYouMean(
    asked,
    topics.map(({ name }) => name),
  );
  return complaint(
    'ETL0910',
    `there is nothing to read about ${asked}${guess === undefined ? '' : `: ${guess}`}`,
    '`etl docs` lists pages and commands; keys are found by their last parts, such as `paginate.type`, codes as `ETL0103`.',
  );
}

const listed = (topics: readonly Topic[]): Outcome => ({
  exitCode: exitCodes.ok,
  result: topics.map(({ kind, name, summary }) => ({ kind, name, summary })),
  diagnostics: [],
  text: topicList(topics),
});

function written(topics: readonly Topic[], folder: string): Outcome {
  const files = siteFiles(topics, version);
  for (const [path, content] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  const index = join(resolve(folder), 'index.html');
  return {
    exitCode: exitCodes.ok,
    result: { folder, files: files.size, index },
    diagnostics: [],
    text: `${files.size} files in ${folder}: open ${index}`,
  };
}
