import { filesConnector } from '../../connectors/files/files.ts';
import { httpConnector } from '../../connectors/http/http.ts';
import { tablesConnector } from '../../connectors/tables/tables.ts';
import type { RunServices } from '../engine.ts';

/** How each kind of source is read. */
export const connectors: RunServices['connectors'] = {
  http: httpConnector,
  files: filesConnector,
  postgres: tablesConnector,
  mysql: tablesConnector,
};
