import { atAccount } from '../../model/accounts.ts';
import type { Plan, StreamPlan } from '../../model/plan.ts';

/** Whether a stream is read of the copy of a file at a URL: the request that copies it takes a permit, its pages take none. */
export const isCopied = ({ sources }: Plan, { source, account, asks, parent }: StreamPlan): boolean =>
  asks !== undefined && parent === undefined && isWeb(sources[atAccount(source, account)]?.baseUrl ?? '');

const isWeb = (url: string): boolean => /^https?:/.test(url);

/** Permits that so many requests for pages take. */
export const permitsOf = (plan: Plan, stream: StreamPlan, requests: number): number =>
  isCopied(plan, stream) ? Math.min(requests, stream.partitions.length) : requests;
