import type { ApiRequest } from '../../model/batch.ts';
import type { AuthPlan } from '../../model/plan.ts';
import type { References } from '../../model/ports.ts';
import { authenticated } from './authenticate.ts';

/** What proves to an API who asks. */
export interface Credentials {
  /** The request with its credentials, for this one sending. */
  apply(request: ApiRequest, signal?: AbortSignal): Promise<ApiRequest>;
  /** Forgets a token that was refused; false when there is nothing to renew. */
  renew(signal?: AbortSignal): Promise<boolean>;
}

/** Credentials that stand in the environment: another try would send the same ones. */
export const staticCredentials = (auth: AuthPlan, references: References): Credentials => ({
  apply: async (request) => authenticated(request, auth, references),
  renew: async () => false,
});
