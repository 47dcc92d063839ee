import { pages } from './0001-pages.ts';
import { mappings } from './0002-mappings.ts';
import { memory } from './0003-memory.ts';
import { audit } from './0004-audit.ts';
import { blockers } from './0005-blockers.ts';
import { unstaged } from './0006-unstaged.ts';
import { state } from './0007-state.ts';
import { deletes } from './0008-deletes.ts';
import { forgotten } from './0009-forgotten.ts';
import { loadTimes } from './0010-load-times.ts';
import { appliedPlans } from './0011-applied-plans.ts';
import { parts } from './0012-parts.ts';
import { parents } from './0013-parents.ts';
import { openListings } from './0014-open-listings.ts';
import { rowsByPage } from './0015-rows-by-page.ts';
import type { Migration } from './migration.ts';

/** The schema's history, forward and back. An entry that was released is never edited. */
export const migrations: readonly Migration[] = [
  pages,
  mappings,
  memory,
  audit,
  blockers,
  unstaged,
  state,
  deletes,
  forgotten,
  loadTimes,
  appliedPlans,
  parts,
  parents,
  openListings,
  rowsByPage,
];
