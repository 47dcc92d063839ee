import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import { complain, valuePlace } from './places.ts';
import { didYouMean } from './suggest.ts';

function isZone(zone: string): boolean {
  try {
    // Newer runtimes take offsets such as +02:00 for zones; those know nothing of summer time.
    return /^[A-Za-z]/.test(zone) && new Intl.DateTimeFormat('en', { timeZone: zone }) !== undefined;
  } catch {
    return false;
  }
}

/** A zone that is in no database. */
export function zoneMistake(
  document: SourceDocument,
  pointer: string,
  zone: string | undefined,
): readonly Diagnostic[] {
  if (zone === undefined || isZone(zone)) return [];
  return [
    complain('ETL0215', valuePlace(document, pointer), `\`${zone}\` is not an IANA time zone`, {
      label: didYouMean(zone, Intl.supportedValuesOf('timeZone')) ?? 'not in the zone database',
      help: ['Zones look like `Europe/Berlin` or `UTC`.'],
    }),
  ];
}
