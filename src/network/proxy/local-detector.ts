/** How kube-proxy tells traffic of this node's (or this cluster's) pods. k8s 1.36: pkg/proxy/util LocalTrafficDetector. */
export type LocalDetector =
  | { readonly kind: 'none' }
  /** Source address within a prefix: the cluster's pod CIDR or the node's. */
  | { readonly kind: 'cidr'; readonly cidr: string }
  | { readonly kind: 'bridge'; readonly device: string }
  | { readonly kind: 'prefix'; readonly prefix: string }

export const NO_DETECTOR: LocalDetector = { kind: 'none' }

/** As iptables arguments. Empty without a detector. */
export function ifLocal(detector: LocalDetector): string {
  if (detector.kind === 'cidr') return `-s ${detector.cidr}`
  if (detector.kind === 'bridge') return `-i ${detector.device}`
  return detector.kind === 'prefix' ? `-i ${detector.prefix}+` : ''
}

export function ifNotLocal(detector: LocalDetector): string {
  return detector.kind === 'none' ? '' : `! ${ifLocal(detector)}`
}
