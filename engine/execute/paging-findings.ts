import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';
import { pathText } from '../model/path.ts';
import type { PaginatePlan } from '../model/plan.ts';

/** What was seen of the pages of a stream. */
export interface PagesSeen {
  /** Most records of a page that was followed by another; 0 where none was. */
  largest: number;
  /** Most records of a page that was all of a listing. */
  fullest: number;
  /** Records of the window that ended, and how many the API had announced; absent where it did not. */
  listed?: { readonly received: number; readonly total: number };
}

/** What the pages of a stream say of how it is asked for them. */
export function pagingFindings(
  stream: string,
  { listed, largest, fullest }: PagesSeen,
  paginate: PaginatePlan,
): readonly Diagnostic[] {
  const size = paginate.size ?? 0;
  const isShort = listed !== undefined && listed.received < listed.total;
  return [
    ...(isShort ? [shortListing(stream, listed.received, listed.total)] : []),
    ...(largest > 0 && largest < size ? [clampedPages(stream, largest, size)] : []),
    ...(largest === 0 && size > 0 && fullest >= size ? [fullAlone(stream, fullest, paginate)] : []),
  ];
}

/** The listing ended before the number of records that it announced. */
const shortListing = (stream: string, received: number, total: number): Diagnostic => ({
  ...complaint(
    'ETL0419',
    `the API says that ${stream} has ${total} records, and listed ${received}`,
    'Records may have been deleted while the listing was read, or the total counts what the list hides.',
    'If it happens every time, check `paginate`, or leave `total` out.',
  ),
  severity: 'warning',
});

/** An API that takes a page size beyond its maximum often gives what it likes, and does not say so. */
const clampedPages = (stream: string, most: number, asked: number): Diagnostic => ({
  ...complaint(
    'ETL0426',
    `${asked} records a page were asked of ${stream}, and no page that others followed has more than ${most}`,
    'The API seems to clamp the page size. Nothing is lost: a short page does not end a listing.',
    `Declare \`size: ${most}\`, so that plans tell how many requests there are.`,
  ),
  severity: 'warning',
});

/** The path of a token that is misspelt looks like the last page of every listing. */
const fullAlone = (stream: string, records: number, paginate: PaginatePlan): Diagnostic => ({
  ...complaint(
    'ETL0458',
    `no listing of ${stream} had a second page, though one had as many records as were asked for: ${records}`,
    `${sayingOf(paginate)} If there are just so many, nothing is wrong; if the API has more, check \`paginate\`.`,
  ),
  severity: 'warning',
});

/** Why a listing ended. */
function sayingOf(paginate: PaginatePlan): string {
  const { total, more } = paginate;
  if (more !== undefined) return `Nothing stands at \`${pathText(more)}\`.`;
  if (total !== undefined) return `\`${pathText(total)}\` says that these are all.`;
  switch (paginate.type) {
    case 'next_url':
      return `Nothing at \`${pathText(paginate.path)}\` leads to another page.`;
    case 'link_header':
      return `No \`Link\` header leads to a page with \`rel="${paginate.rel}"\`.`;
    case 'cursor_token':
      return `Nothing at ${paginate.tokens.map(({ from }) => `\`${from.header ?? pathText(from.path)}\``).join(', ')} leads to another page.`;
    default:
      return 'No other page came.';
  }
}
