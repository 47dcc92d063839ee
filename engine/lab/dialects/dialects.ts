import type * as config from '../../model/config.ts';
import type { Dialect } from './dialect.ts';
import { ietf, ietfOld, plain } from './ietf.ts';
import { amazon, ebay, etsy, mercadolibre, walmart } from './marketplaces.ts';
import { github, google, hubspot, salesforce, stripe, zendesk } from './platforms.ts';
import { shopify, shopifyGraphql } from './shopify.ts';

/** Every dialect, by its name in a source file. */
const dialects: { readonly [name in NonNullable<config.SourceLab['dialect']>]: Dialect } = {
  plain,
  shopify,
  shopify_graphql: shopifyGraphql,
  amazon,
  ebay,
  etsy,
  hubspot,
  salesforce,
  stripe,
  walmart,
  mercadolibre,
  zendesk,
  github,
  google,
  ietf,
  ietf_old: ietfOld,
};

/** The dialect that a source's `lab` names. */
export const dialectOf = ({ lab }: config.Source): Dialect => dialects[lab?.dialect ?? 'plain'];
