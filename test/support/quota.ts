/**
 * When a quota of the day is to begin anew, so that no test sees it do so: in half a day, at whatever time that is. A quota that begins
 * anew within minutes is waited for, and one that has done so is whole again.
 */
export function inHalfADay(): { readonly per: 'day'; readonly zone: 'UTC'; readonly reset: string } {
  const hour = (new Date().getUTCHours() + 12) % 24;
  return { per: 'day', zone: 'UTC', reset: `${String(hour).padStart(2, '0')}:00` };
}
