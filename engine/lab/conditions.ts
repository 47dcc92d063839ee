import type * as config from '../model/config.ts';
import { parseDuration, parsePercent } from '../model/units.ts';
import type { Others } from './limits/counter.ts';
import { fraction } from './random.ts';

/** What of a source's `lab` can be changed while it runs. */
export type Changeable = Pick<config.SourceLab, 'latency' | 'jitter' | 'clockSkew' | 'others'>;

function parseSkew(text: string): number {
  const ms = parseDuration(text.replace(/^[+-]/, ''));
  return text.startsWith('-') ? -ms : ms;
}

/** The circumstances under which a source is served. */
export class Conditions {
  latencyMs = 0;
  /** How far the provider's clock is off. */
  skewMs = 0;
  private jitterMs = 0;
  private readonly others: Others;
  private readonly seed: number;
  private drawn = 0;

  constructor(declared: Changeable, seed: number, others: Others) {
    this.others = others;
    this.seed = seed;
    this.change(declared);
  }

  /** Changes what is said; the rest stays. */
  change({ latency, jitter, clockSkew, others }: Changeable): void {
    if (latency !== undefined) this.latencyMs = parseDuration(latency);
    if (jitter !== undefined) this.jitterMs = parseDuration(jitter);
    if (clockSkew !== undefined) this.skewMs = parseSkew(clockSkew);
    if (others !== undefined) this.others.share = Math.min(1, parsePercent(others));
  }

  /** How long the next request is on its way. */
  wayMs(): number {
    if (this.jitterMs === 0) return 0;
    this.drawn += 1;
    return fraction(this.seed, this.drawn) * this.jitterMs;
  }
}
