import { existsSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkedBaseUrl } from '../../../engine/execute/extract/base-url.ts';
import { removeStaleFiles } from '../../../engine/execute/load/stale-files.ts';
import type { ExplainedError } from '../../../engine/model/errors.ts';
import type { OpenWindow, Position } from '../../../engine/model/ports.ts';
import { continued } from '../../../engine/model/position.ts';
import { projectFolder } from '../../support/cli.ts';
import { sourcePlan, streamPlan } from '../../support/plans.ts';

describe('a position', () => {
  const stream = streamPlan();
  const next = { method: 'GET', url: '/orders?page=2', headers: {} } as const;
  const open: OpenWindow = { startedAt: '2026-01-01T00:00:00.000000Z', pages: 1, next };
  const position: Position = { cursor: 'c', open, shape: stream.shape };

  it('is gone on from by the stream that made it', () => {
    expect(continued(position, stream)).to.deep.equal(position);
  });

  it('is left when the stream asks for something else', () => {
    const other = streamPlan({ request: { path: '/orders', query: { status: 'any' } } });
    expect(continued(position, other)).to.deep.equal({ shape: other.shape });
  });

  it('keeps its cursor, but no open window, when only the paging has changed', () => {
    const other = streamPlan({ paginate: { type: 'link_header' } });
    expect(continued(position, other)).to.deep.equal({ shape: other.shape, cursor: 'c' });
  });

  it('survives what changes neither', () => {
    expect(continued(position, streamPlan({ pagesMax: 7, description: 'x' }))).to.deep.equal(position);
  });
});

describe('a base URL', () => {
  it('is https, or on this machine', () => {
    const code = (url: string): string => {
      try {
        checkedBaseUrl(sourcePlan(), url);
        return 'fine';
      } catch (error) {
        return (error as ExplainedError).diagnostic.code;
      }
    };
    const urls = [
      'https://a.example',
      'http://127.0.0.1:80/x',
      'http://localhost',
      'http://[::1]:9',
      'http://a.example',
      'ftp://a',
      'a.example',
      '',
    ];
    expect(urls.map(code)).to.deep.equal([
      'fine',
      'fine',
      'fine',
      'fine',
      'ETL0417',
      'ETL0417',
      'ETL0417',
      'ETL0417',
    ]);
  });
});

describe('load files of runs that were killed', () => {
  it('are removed after a day', async () => {
    const folder = projectFolder({ 'load/old/a.csv': 'x', 'load/new/b.csv': 'y' });
    const now = Date.now();
    utimesSync(join(folder, 'load/old'), new Date(now - 2 * 86_400_000), new Date(now - 2 * 86_400_000));
    await removeStaleFiles(join(folder, 'load/mine'), now);
    expect([existsSync(join(folder, 'load/old')), existsSync(join(folder, 'load/new'))]).to.deep.equal([
      false,
      true,
    ]);
  });
});
