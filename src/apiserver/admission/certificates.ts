import type { CertificateSigningRequest } from '../../apimachinery/generated/types.ts'
import type { UserInfo } from '../api.ts'
import type { RequestScope } from '../rest/context.ts'
import { deny } from './forbid.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './plugin.ts'

const BUCKET = 'certificatesigningrequests.certificates.k8s.io'
const SIGNERS = { group: 'certificates.k8s.io', resource: 'signers', subresource: '', namespace: '' }

/** Whether the user may do this for the signer, or for all of its domain. k8s 1.36: certificates.IsAuthorizedForSignerName. */
function mayUseSigner({ registry, request }: RequestScope, verb: string, signer: string): boolean {
  const domain = `${signer.split('/', 1)[0] ?? ''}/*`
  return [signer, domain].some(
    (name) => registry.authorizer.authorize({ ...SIGNERS, user: request.user, verb, name }).verdict === 'allow',
  )
}

function guard(verb: string, subresource: string, applies: (attributes: AdmissionAttributes) => boolean) {
  return (attributes: AdmissionAttributes): void => {
    const { scope, operation, old } = attributes
    if (scope.info.bucket !== BUCKET || operation !== 'UPDATE' || scope.request.subresource !== subresource) return
    const signer = (old as CertificateSigningRequest).spec?.signerName ?? ''
    if (!applies(attributes) || mayUseSigner(scope, verb, signer)) return
    throw deny(attributes, `user not permitted to ${verb} requests with signerName ${JSON.stringify(signer)}`)
  }
}

export const certificateApproval: AdmissionPlugin = {
  name: 'CertificateApproval',
  buckets: [BUCKET],
  validate: guard('approve', 'approval', () => true),
}

export const certificateSigning: AdmissionPlugin = {
  name: 'CertificateSigning',
  buckets: [BUCKET],
  validate: guard('sign', 'status', ({ object, old }) => {
    const before = (old as CertificateSigningRequest).status
    return (object as CertificateSigningRequest).status?.certificate !== before?.certificate
  }),
}

/** k8s 1.36: CertificateSubjectRestriction. SIMPLIFIED: the group is looked for in the request's text, not parsed. */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  buckets: [BUCKET],
  validate: (attributes) => {
    const { scope, operation, object } = attributes
    if (scope.info.bucket !== BUCKET || operation !== 'CREATE') return
    const { signerName } = (object as CertificateSigningRequest).spec
    if (signerName !== 'kubernetes.io/kube-apiserver-client' || !asksForMasters(object as CertificateSigningRequest)) return
    throw deny(attributes, 'use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed')
  },
}

/** 'system:masters' anywhere in the base64 of the PEM of the request. */
function asksForMasters({ spec }: CertificateSigningRequest): boolean {
  return decode(decode(spec.request ?? '').replace(/-----[^-]+-----|\s/g, '')).includes('system:masters')
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

function decode(text: string): string {
  let out = ''
  let bits = 0
  let count = 0
  for (const char of text) {
    const value = ALPHABET.indexOf(char)
    if (value < 0) continue
    bits = ((bits << 6) | value) & 0xffffff
    count += 6
    if (count < 8) continue
    count -= 8
    out += String.fromCharCode((bits >> count) & 255)
  }
  return out
}

/** The server notes who asks. k8s 1.36: csrStrategy.PrepareForCreate. */
export const certificateRequester: AdmissionPlugin = {
  name: 'CertificateRequester',
  buckets: [BUCKET],
  admit: ({ scope, operation, object }) => {
    if (scope.info.bucket !== BUCKET || operation !== 'CREATE') return
    const csr = object as CertificateSigningRequest
    return { ...csr, spec: { ...csr.spec, ...requester(scope.request.user) } } as CertificateSigningRequest
  },
}

function requester({ name, uid, groups, extra }: UserInfo) {
  return { username: name, ...(uid ? { uid } : {}), groups, ...(extra ? { extra } : {}) }
}
