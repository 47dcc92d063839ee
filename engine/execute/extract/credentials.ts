import type { ApiRequest } from '../../model/batch.ts';
import type { AuthPlan } from '../../model/plan.ts';
import type { References } from '../../model/ports.ts';
import { authenticated } from './authenticate.ts';

export interface Credentials {
  /** The request with its credentials, for this one sending. */
  apply(request: ApiRequest, signal?: AbortSignal): Promise<ApiRequest>;
  /** Forgets a token that was refused; false when there is nothing to renew. */
  renew(signal?: AbortSignal): Promise<boolean>;
}

/** Credentials that stay as they are. */
export const staticCredentials = (auth: AuthPlan, references: References): Credentials => ({
  apply: async (request) => authenticated(request, auth, references),
  renew: async () => false,
});
