import { openWindows } from '../ledger-view.ts';
import { type Fault, fault, same, standing } from './fault.ts';

/** Signals that ask a run to end. */
export const signalFaults: readonly Fault[] = [
  fault('SIGTERM while a page arrives', async (struck) => {
    const { ground, folder } = struck;
    const { asked } = ground.labs.first;
    const from = asked.length;
    const { code } = await standing(struck, 'request answered 9', async ({ child }) => {
      child.kill('SIGTERM');
    });
    const requests = asked.slice(from);
    const windows = await openWindows(ground.place, folder);
    const kept = windows.find(({ stream }) => stream === 'orders')?.kept;
    const unsaved = requests.filter((request) => request.includes('/orders') && kept?.has(request) !== true);
    // The request that was under way is given up; what had arrived before it is kept.
    const saved = unsaved.length <= 2 ? [] : [`${unsaved.length} pages were asked for and not saved`];
    return [...same('exit code', code, 143), ...saved];
  }),
  fault('SIGTERM while a unit is loaded', async (struck) => {
    const { code } = await standing(
      struck,
      'warehouse: MERGE INTO main.orders begins 1',
      async ({ child }) => {
        child.kill('SIGTERM');
      },
    );
    return same('exit code', code, 143);
  }),
  fault('second Ctrl-C', async (struck) => {
    const { code, elapsedMs } = await standing(
      struck,
      'staging: INSERT INTO pages ended 7',
      async ({ child }) => {
        child.kill('SIGINT');
        child.kill('SIGINT');
      },
    );
    return [
      ...same('exit code', code, 130),
      ...(elapsedMs < 30_000 ? [] : [`it took ${elapsedMs} ms to end`]),
    ];
  }),
];
