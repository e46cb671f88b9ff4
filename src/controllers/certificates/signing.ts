import type { CertificateSigningRequest } from '../../apimachinery/generated/types.ts'

const CLIENT = 'kubernetes.io/kube-apiserver-client'
const KUBELET_CLIENT = 'kubernetes.io/kube-apiserver-client-kubelet'
const KUBELET_SERVING = 'kubernetes.io/kubelet-serving'
const LEGACY = 'kubernetes.io/legacy-unknown'

/** Usages that a signer's requests must have, and may have besides. */
const USAGES: { readonly [signer: string]: { readonly required: string; readonly allowed: readonly string[] } } = {
  [CLIENT]: { required: 'client auth', allowed: ['digital signature', 'key encipherment'] },
  [KUBELET_CLIENT]: { required: 'client auth', allowed: ['digital signature', 'key encipherment'] },
  [KUBELET_SERVING]: { required: 'server auth', allowed: ['digital signature', 'key encipherment'] },
}

export function hasCondition({ status }: CertificateSigningRequest, type: string): boolean {
  return status?.conditions?.some((condition) => condition.type === type && condition.status !== 'False') ?? false
}

/** Whether the cluster's own signers are to sign the request now. k8s 1.36: signer handle. */
export function isToBeSigned(csr: CertificateSigningRequest): boolean {
  const { signerName } = csr.spec
  if (USAGES[signerName] === undefined && signerName !== LEGACY) return false
  return !csr.status?.certificate && hasCondition(csr, 'Approved') && !hasCondition(csr, 'Denied') && !hasCondition(csr, 'Failed')
}

/**
 * Why the signer refuses the request, or ''. k8s 1.36: validAPIServerClientUsages, ValidateKubeletClientCSR.
 * SIMPLIFIED: subject and names inside the request are not read.
 */
export function signingProblem({ spec }: CertificateSigningRequest): string {
  const { usages = [], signerName } = spec
  const rule = USAGES[signerName]
  if (!rule) return ''
  const isClient = signerName === CLIENT
  const wrong = usages.find((usage) => usage !== rule.required && !rule.allowed.includes(usage))
  if (wrong !== undefined)
    return isClient
      ? `invalid usage for client certificate: ${wrong}`
      : `usages did not match [${['digital signature', rule.required].join(' ')}]`
  if (usages.includes(rule.required)) return ''
  return isClient
    ? `missing required usage for client certificate: ${rule.required}`
    : `usages did not match [${['digital signature', rule.required].join(' ')}]`
}

const HOUR_MS = 3_600_000

/** How long a request is kept in the state that it is in. k8s 1.36: certificates cleaner. */
export function keptMs(csr: CertificateSigningRequest): number {
  const decided =
    hasCondition(csr, 'Denied') || hasCondition(csr, 'Failed') || (hasCondition(csr, 'Approved') && csr.status?.certificate)
  return decided ? HOUR_MS : 24 * HOUR_MS
}
