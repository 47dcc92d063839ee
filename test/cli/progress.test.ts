import { Writable } from 'node:stream';
import { expect } from 'chai';
import { LineProgress, LiveProgress } from '../../engine/cli/progress.ts';
import type { Progress, Waiting } from '../../engine/model/ports.ts';

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

  const frozen = (sinceMs: number): Waiting => ({
    stream: 'shop.orders',
    domain: 'shop',
    sinceMs,
    boundBy: 'rest',
    remainingMs: 18_000,
    reason: '429, says Retry-After 60',
  });

  it('names who waits and why on a terminal, while nothing else happens', () => {
    const screen = new Screen();
    let waiting: readonly Waiting[] = [];
    const out = screen as unknown as NodeJS.WriteStream;
    const progress = new LiveProgress(out, { waiting: () => waiting, now: () => 0 });
    progress.update({ kind: 'step', step: 'extract shop.orders', state: 'started' });
    progress.update({ kind: 'step', step: 'extract shop.items', state: 'started' });
    waiting = [frozen(2000), frozen(42_000)];
    progress.look();
    const lines = shown(screen.text);
    expect(lines).to.deep.equal([
      '… extract shop.orders',
      '    waiting 42.0 s for rest, 18.0 s more (frozen: 429, say…',
      '… extract shop.items',
    ]);
    waiting = [];
    progress.update({ kind: 'step', step: 'extract shop.orders', state: 'succeeded' });
    progress.update({ kind: 'step', step: 'extract shop.items', state: 'succeeded' });
    expect(shown(screen.text)).to.have.length(2);
  });

  it('tells of a wait on plain lines when it passes 10 s, and then once a minute', () => {
    const screen = new Screen();
    let now = 0;
    const progress = new LineProgress(screen, { waiting: () => [frozen(now)], now: () => now });
    const told: number[] = [];
    for (; now <= 140_000; now += 1000) {
      const before = screen.text.length;
      progress.look();
      if (screen.text.length > before) told.push(now / 1000);
    }
    expect(told).to.deep.equal([10, 70, 130]);
    expect(screen.text.split('\n')[0]).to.equal(
      'shop.orders: waiting 10.0 s for rest, 18.0 s more (frozen: 429, says Retry-After 60)',
    );
  });

  it('counts each wait of a stream anew, and says nothing of short ones', () => {
    const screen = new Screen();
    let now = 0;
    // One wait of 9 s, then one of 15 s after the other.
    const sinceMs = (): number => (now < 9000 ? now : (now - 9000) % 15_000);
    const progress = new LineProgress(screen, { waiting: () => [frozen(sinceMs())], now: () => now });
    const told: number[] = [];
    for (; now < 39_000; now += 1000) {
      const before = screen.text.length;
      progress.look();
      if (screen.text.length > before) told.push(now / 1000);
    }
    expect(told).to.deep.equal([19, 34]);
  });

  it('looks at waits only while a step goes on', async () => {
    const screen = new Screen();
    let looks = 0;
    const waiting = (): readonly Waiting[] => {
      looks += 1;
      return [];
    };
    const progress = new LineProgress(screen, { waiting });
    progress.update({ kind: 'step', step: 'extract shop.orders', state: 'started' });
    for (let tries = 0; looks < 1 && tries < 300; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(looks).to.equal(1);
    progress.update({ kind: 'step', step: 'extract shop.orders', state: 'failed' });
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(looks).to.equal(1);
  });
});
