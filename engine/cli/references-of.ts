import { labText } from '../lab/lab.ts';
import type { References } from '../model/ports.ts';
import { environmentReferences } from '../services/references.ts';

/** The lab has credentials of its own for every reference, and none of them is secret. */
const labReferences: References = { resolve: labText, redact: (text) => text, hide: () => {} };

/** What fills in the references of a project: its environment and files, or the lab. */
export const referencesOf = (folder: string, isLab: boolean): References =>
  isLab ? labReferences : environmentReferences(folder, process.env);
