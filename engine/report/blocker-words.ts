import { defaultAccount } from '../model/accounts.ts';
import type { Blocker } from '../model/blocker.ts';

const minuteMs = 60_000;
const units = [
  [24 * 60 * minuteMs, 'd'],
  [60 * minuteMs, 'h'],
  [minuteMs, 'min'],
] as const;

/** How long ago something was: `3 min`, `2 h`, `5 d`. */
export function ageText(instant: string, nowMs: number): string {
  const ageMs = Math.max(0, nowMs - Date.parse(instant));
  const [size, unit] = units.find(([one]) => ageMs >= one) ?? [1000, 's'];
  return `${Math.floor(ageMs / size)} ${unit}`;
}

/** What a Blocker is about, in its mapping or stream: `record 4711[1], price`. */
export function aboutText({ kind, account, record, index, property, step }: Blocker): string {
  if (kind !== 'record') return property === '' ? step : `${step}: ${property}`;
  const element = index === null ? '' : `[${index}]`;
  const whose = account === defaultAccount ? '' : ` of ${account}`;
  return `record ${record}${element}${whose}${property === '' ? '' : `, ${property}`}`;
}

/** The mapping that it belongs to, or else the stream. */
export const ownerOf = ({ mapping, stream }: Blocker): string => (mapping === '' ? stream : mapping);

/** `1 Blocker`, `3 Blockers`. */
export const blockersText = (count: number): string =>
  `${count.toLocaleString('en-US')} ${count === 1 ? 'Blocker' : 'Blockers'}`;
