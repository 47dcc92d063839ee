import fc from 'fast-check';

type Work = () => unknown;

const atEnds: Work[] = [];
const afterEaches: Work[] = [];

/** Does this when the tests of a file are done: files run in processes that several of them share. */
export const atEnd = (work: Work): void => void atEnds.unshift(work);

/** Does this after each test. */
export const afterEachTest = (work: Work): void => void afterEaches.unshift(work);

const perform = async (works: readonly Work[]): Promise<void> => {
  for (const work of works) await work();
};

/** What mocha finds by `require`: hooks that a module of its own registers would be those of the first file that imports it. */
export const mochaHooks = {
  afterEach: () => perform(afterEaches),
  afterAll: () => perform(atEnds),
};

/** Generated cases are the same each time, so that no run fails by chance; `SLUICE_SEED` tries others. */
fc.configureGlobal({ seed: Number(process.env['SLUICE_SEED'] ?? 20_261_127) });
