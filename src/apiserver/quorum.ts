import { StatusError, unclassified } from '../apimachinery/errors.ts'
import type { Etcd } from '../etcd/etcd.ts'
import type { ApiRequest } from './api.ts'

/** etcd 3.6: 5 s for the disk and two election timeouts. */
export const STORE_TIMEOUT_MS = 7000
const MESSAGE = 'etcdserver: request timed out'
const READS: ReadonlySet<string> = new Set(['get', 'list', 'watch'])
/** Their creations store nothing. */
const REVIEWS: ReadonlySet<string> = new Set(['authorization.k8s.io', 'authentication.k8s.io'])

/**
 * Throws what a write gets when etcd has no leader or no quorum. SIMPLIFIED: it is thrown at once, before validation;
 * in-process clients wait for STORE_TIMEOUT_MS, kubectl and the page don't. Reads are answered from the watch caches,
 * also those that in Kubernetes ask etcd for its revision first.
 */
export function checkQuorum({ raft }: Etcd, { verb, group, subresource, options }: ApiRequest): void {
  if (!raft || raft.available || READS.has(verb) || options?.dryRun) return
  if (REVIEWS.has(group) || subresource === 'token') return
  throw unclassified(MESSAGE)
}

/** Whether a request failed because etcd did not answer. */
export function isStoreTimeout(error: unknown): boolean {
  return error instanceof StatusError && error.message === MESSAGE
}
