/** Whether a key stands behind one that it must come after. */
type IsWrong = (before: string, key: string) => boolean;

const wholeNumber = /^-?\d+$/;

const isWrongNumber: IsWrong = (before, key) => BigInt(key) <= BigInt(before);

/** How databases order texts: by their bytes, without regard to case, as a language does. */
const textOrders: readonly IsWrong[] = [
  (before: string, key: string) => Number(before > key),
  (before: string, key: string) => Number(before.toLowerCase() > key.toLowerCase()),
  new Intl.Collator('en').compare,
  new Intl.Collator('en', { numeric: true }).compare,
  new Intl.Collator('en', { ignorePunctuation: true }).compare,
].map((compare) => (before, key) => before === key || compare(before, key) > 0);

/** The first key that cannot stand where it does: of texts, in none of the orders that an API may have. */
export function outOfOrder(keys: readonly string[]): number | undefined {
  const orders = keys.every((key) => wholeNumber.test(key)) ? [isWrongNumber] : textOrders;
  const wrong = orders.map((isWrong) => firstThat(keys, isWrong));
  return wrong.includes(-1) ? undefined : Math.max(...wrong);
}

const firstThat = (keys: readonly string[], isWrong: IsWrong): number =>
  keys.findIndex((key, at) => at > 0 && isWrong(keys[at - 1] ?? '', key));
