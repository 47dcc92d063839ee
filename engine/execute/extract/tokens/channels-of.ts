import type { Plan } from '../../../model/plan.ts';
import { Channels } from '../channels.ts';
import { credentialsOf } from './credentials-of.ts';
import type { TokenServices } from './token-services.ts';

/** What the streams of each source share, its token among it. */
export function channelsOf(
  { environment, tokenKey }: Pick<Plan, 'environment' | 'tokenKey'>,
  services: Omit<TokenServices, 'environment' | 'tokenKey'>,
): Channels {
  const kept = { environment, ...(tokenKey !== undefined && { tokenKey }) };
  return new Channels((source) => credentialsOf(source, { ...services, ...kept }));
}
