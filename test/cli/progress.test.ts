import { Writable } from 'node:stream';
import { expect } from 'chai';
import { LineProgress, LiveProgress } from '../../engine/cli/progress.ts';
import type { Progress } from '../../engine/model/ports.ts';

class Screen extends Writable {
  text = '';
  readonly columns = 60;

  override _write(chunk: Buffer, _: unknown, done: () => void): void {
    this.text += chunk;
    done();
  }
}

function play(progress: Progress): void {
  progress.update({ kind: 'step', step: 'extract shop.orders', state: 'started' });
  progress.update({
    kind: 'stream',
    stream: 'shop.orders',
    pages: 2,
    received: 500,
    waitingMs: 4200,
    boundBy: 'rest',
  });
  progress.update({ kind: 'step', step: 'extract shop.orders', state: 'succeeded' });
  progress.update({ kind: 'step', step: 'load orders', state: 'skipped' });
}

/** What a terminal shows in the end: each `ESC[nA ESC[J` takes back n lines. */
function shown(text: string): string[] {
  const start = String.fromCharCode(27);
  const lines: string[] = [];
  for (const part of text.split(`${start}[`)) {
    const up = /^(\d+)A$/.exec(part);
    if (up !== null) lines.splice(-Number(up[1]));
    else
      lines.push(
        ...part
          .replace(/^J/, '')
          .split('\n')
          .filter((line) => line !== ''),
      );
  }
  return lines;
}

describe('progress', () => {
  it('is plain lines where nobody watches live', () => {
    const screen = new Screen();
    play(new LineProgress(screen));
    expect(screen.text).to.match(
      /^extract shop.orders: started\nextract shop.orders: succeeded \(\d+ ms\)\nload orders: skipped/,
    );
    expect(screen.text).not.to.contain(String.fromCharCode(27));
  });

  it('is redrawn on a terminal, and finished steps stay', () => {
    const screen = new Screen();
    play(new LiveProgress(screen as unknown as NodeJS.WriteStream));
    const lines = shown(screen.text);
    expect(lines).to.have.length(2);
    expect(lines[0]).to.match(/^✓ extract shop.orders: 2 pages, 500 records, /);
    expect(lines[1]).to.equal('– load orders (skipped)');
    for (const line of lines) expect(line.length).to.be.below(60);
  });
});
