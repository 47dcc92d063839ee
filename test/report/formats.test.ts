import { expect } from 'chai';
import type { Diagnostic } from '../../engine/model/diagnostic.ts';
import { githubText } from '../../engine/report/github-text.ts';
import { commandCase, fileCases, junitText } from '../../engine/report/junit-text.ts';
import { markdownText } from '../../engine/report/markdown-text.ts';

const diagnostic = (more: Partial<Diagnostic> = {}): Diagnostic => ({
  code: 'ETL0103',
  severity: 'error',
  summary: 'a <b>: "c" & d',
  place: { file: 'sources/a,b.yml', line: 3, column: 7, endColumn: 9, text: 'x: y' },
  help: ['100 % of it', 'second'],
  ...more,
});

describe('annotations of a GitHub workflow', () => {
  it('name file, line and columns from where the command was called, and keep lines apart', () => {
    expect(githubText([diagnostic()], (file) => `shop/${file}`)).to.equal(
      '::error file=shop/sources/a%2Cb.yml,line=3,col=7,endColumn=9,title=ETL0103::a <b>: "c" & d%0A100 %25 of it%0Asecond',
    );
  });

  it('annotates a case that failed where it stands, and none that has no place', () => {
    const place = { file: 'tests/a.yml', line: 6, column: 11, endColumn: 14, text: '' };
    const failures = ['row 1, price: expected 1, found 2.00 (decimal(18,2))'];
    const cases = [
      { suite: 'a', name: 'one', failures, place },
      { suite: 'a', name: 'two', failures },
      { suite: 'a', name: 'three', failures: [], place },
    ];
    expect(githubText([], (file) => file, cases)).to.equal(
      '::error file=tests/a.yml,line=6,col=11,endColumn=14,title=a::one%0Arow 1, price: expected 1, found 2.00 (decimal(18,2))',
    );
  });

  it('come errors first, and say how many are beyond the limit of the platform', () => {
    const many = Array.from({ length: 12 }, () => diagnostic({ help: [] }));
    const lines = githubText([diagnostic({ severity: 'warning' }), ...many]).split('\n');
    expect(lines).to.have.length(12);
    expect(lines[10]).to.equal('2 more of severity error are in the log of this step.');
    expect(lines[11]).to.match(/^::warning /);
  });
});

describe('JUnit', () => {
  it('has a case for each file, with its errors', () => {
    const xml = junitText('validate', fileCases(['etl.yml', 'sources/a,b.yml'], [diagnostic()]));
    expect(xml).to.contain('<testsuites name="etl validate" tests="2" failures="1">');
    expect(xml).to.contain('<testcase classname="validate" name="etl.yml"/>');
    expect(xml).to.contain('message="ETL0103: a &lt;b&gt;: &quot;c&quot; &amp; d"');
  });

  it('takes a command as one case, and holds no character that XML cannot', () => {
    const [passed, failed] = [commandCase('run', 0, []), commandCase('run', 1, [])];
    expect([passed.failures, failed.failures]).to.deep.equal([[], ['it ended with exit code 1']]);
    const xml = junitText('run', [{ suite: 'etl', name: 'x\u0000\u001b[31m', failures: [] }]);
    expect(xml).to.contain('name="x\uFFFD\uFFFD[31m"');
  });
});

describe('a comment for a pull request', () => {
  it('has a marker, what is wrong, what matters, and the rest to unfold', () => {
    const text = markdownText({
      command: 'plan',
      exitCode: 2,
      diagnostics: [diagnostic()],
      summary: '**3 changes**',
      text: 'a ``` fence',
    });
    expect(text.split('\n')[0]).to.equal('<!-- etl plan -->');
    expect(text).to.contain('### 🔶 `etl plan`');
    expect(text).to.contain('**ETL0103** a \\<b\\>').and.to.contain('**3 changes**');
    expect(text).to.contain('````text\na ``` fence\n````');
  });

  it('is cut visibly below what platforms take', () => {
    const text = markdownText({ command: 'plan', exitCode: 0, diagnostics: [], text: 'x'.repeat(100_000) });
    expect(text.length).to.be.below(65_536);
    expect(text).to.match(/\*\*Cut here\*\*: [\d,]+ more characters/);
    const many = Array.from({ length: 2000 }, () => diagnostic());
    const head = markdownText({ command: 'plan', exitCode: 3, diagnostics: many, text: 'x' });
    expect(head.length).to.be.below(65_536);
    expect(head).to.match(/\*\*Cut here\*\*: [\d,]+ more characters/);
  });
});
