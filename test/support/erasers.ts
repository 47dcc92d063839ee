import { backfillStream } from '../../engine/compile/backfill.ts';
import { sweptStreams } from '../../engine/compile/sweep.ts';
import { compileErasers, type EraserSecrets } from '../../engine/execute/map/erase.ts';
import { assert } from '../../engine/model/errors.ts';
import type { StreamEraser } from '../../engine/model/forget.ts';
import type { MappingPlan, StreamPlan } from '../../engine/model/plan.ts';

/** Those of a stream itself, of its sweep and, where keys name persons, of what the sweep found gone. */
export function erasersOf(
  stream: StreamPlan,
  mappings: readonly MappingPlan[],
  subject: string,
  secrets: EraserSecrets = {},
): readonly StreamEraser[] {
  const { stream: sweep, gone } = sweptStreams(stream, undefined);
  return compileErasers(
    { stream, sweep, gone, backfill: backfillStream(stream), children: [] },
    new Map([[`${stream.source}.${stream.name}`, mappings]]),
    subject,
    secrets,
  );
}

/** The one of the stream itself. */
export function eraserOf(...of: Parameters<typeof erasersOf>): StreamEraser {
  const [eraser] = erasersOf(...of);
  assert(eraser, 'a stream has an eraser');
  return eraser;
}
