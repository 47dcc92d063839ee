import { posix } from 'node:path';
import { expect } from 'chai';
import { loadCommands } from '../../../engine/cli/commands.ts';
import { commandFacts, docsSources } from '../../../engine/cli/docs-sources.ts';
import type { Topic } from '../../../engine/model/topic.ts';
import { findTopics, topicsOf } from '../../../engine/operations/docs/topics.ts';
import { siteFiles } from '../../../engine/report/site/site.ts';
import { topicList, topicText } from '../../../engine/report/topic-text.ts';
import { commandsPage } from '../../support/commands-page.ts';
import { text } from '../../support/root.ts';

describe('the documentation', () => {
  let topics: readonly Topic[];

  before(async () => {
    await loadCommands('');
    topics = topicsOf(docsSources());
  });

  const found = (asked: string): readonly string[] => findTopics(topics, asked).map(({ name }) => name);

  it('has a topic of its own, with a summary, for each command, key, code and page', () => {
    const of = (kind: Topic['kind']) => topics.filter((topic) => topic.kind === kind);
    expect(of('command').length).to.equal(commandFacts().length);
    expect(of('code').map(({ name }) => name)).to.deep.equal(
      [...text('docs/diagnostics.md').matchAll(/^## (ETL\d{4})/gm)].map(([, name]) => name),
    );
    expect(of('key').map(({ name }) => name)).to.include.members(['Project.vars', 'Limit.bucket.rate']);
    expect(of('page').map(({ name }) => name)).to.include.members(['guide.md', 'operations.md']);
    expect(topics.filter(({ summary }) => summary === '').map(({ name }) => name)).to.deep.equal([]);
  });

  it('finds a topic by its name, its last parts, or a part of it', () => {
    expect(found('ETL0103')).to.deep.equal(['ETL0103']);
    expect(found('etl state show')).to.deep.equal(['state show']);
    expect(found('staging.dialect')).to.deep.equal(['Environment.staging.dialect']);
    expect(found('PAGINATE.TYPE')).to.deep.equal(['Paginate.type']);
    expect(found('blockers ')).to.deep.equal(['blockers']);
    expect(found('blockers.md')).to.deep.equal(['blockers.md']);
    expect(found('guide')).to.deep.equal(['guide.md']);
    expect(found('no such thing')).to.deep.equal([]);
  });

  it('says what a key may be, whether it is secret, and its default', () => {
    const [password] = findTopics(topics, 'warehouse.password');
    expect(topicText(password as Topic)).to.contain('secret: write a reference such as `${env:NAME}`');
    const [dialect] = findTopics(topics, 'staging.dialect');
    expect(topicText(dialect as Topic)).to.contain('optional; `sqlite`, `postgres`\n- default `sqlite`');
  });

  it('lists topics in lines that are not longer than a terminal', () => {
    const lines = topicList(topics, 80).split('\n');
    expect(lines.length).to.equal(topics.length);
    expect(lines.filter((line) => line.length > 80)).to.deep.equal([]);
  });

  it('makes a site in which every link leads somewhere', () => {
    const files = siteFiles(topics, '1.2.3');
    const ids = (path: string): readonly string[] =>
      [...(files.get(path) ?? '').matchAll(/ id="([^"]+)"/g)].map(([, id = '']) => id);
    const links = [...files].flatMap(([path, content]) =>
      [...content.matchAll(/ href="([^"]+)"/g)].map(([, href = '']) => ({ path, href })),
    );
    const broken = links.filter(({ path, href }) => {
      if (/^https?:/.test(href)) return false;
      const [file = '', anchor] = href.split('#');
      const target = file === '' ? path : posix.join(posix.dirname(path), file);
      return !files.has(target) || (anchor !== undefined && !ids(target).includes(anchor));
    });
    expect(broken).to.deep.equal([]);
    expect(links.length).to.be.above(1000);
  });

  it('shows text as text: nothing of a page becomes markup by accident', () => {
    const [file = ''] = [...siteFiles([sample], '1')].flatMap(([path, content]) =>
      path === 'codes/ETL9999.html' ? [content] : [],
    );
    expect(file).to.contain('<code>stg_&lt;mapping&gt;</code>').and.to.contain('<title>a &lt;b&gt;</title>');
  });

  it('has docs/commands.md as the commands say it (`npm run types`)', () => {
    expect(text('docs/commands.md')).to.equal(commandsPage(commandFacts()));
  });
});

const sample: Topic = {
  kind: 'code',
  name: 'ETL9999',
  title: 'a <b>',
  summary: 'a',
  markdown: '`stg_<mapping>`',
};
