import type { FieldError } from '../../apimachinery/field-errors.ts'
import { duplicate, forbidden, invalid, notSupported, required } from '../../apimachinery/field-errors.ts'
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition as Condition,
} from '../../apimachinery/generated/types.ts'
import { humanDuration } from '../../apimachinery/duration.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { formatTime } from '../../sim/time.ts'
import { defineStrategy, type StrategyContext } from './strategy.ts'
import { decodeBase64 } from './shared/base64.ts'
import { checkOneOf, each } from './shared/checks.ts'
import { ageColumn, column, nameColumn } from './shared/columns.ts'
import { REQUESTED_DURATION, SIGNER_NAME } from './shared/column-texts.ts'
import { checkSignerName } from './shared/signers.ts'

type Csr = CertificateSigningRequest

const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
]

const conditionsOf = (csr: Csr) => csr.status?.conditions ?? []
const ofType = (csr: Csr, type: string) => conditionsOf(csr).filter((c) => c.type === type)

/** The type of the first PEM block of a text in base64, '' when there is none. */
function pemType(base64: string): string {
  return /-----BEGIN ([A-Z0-9 ]+)-----[^]*?-----END \1-----/.exec(decodeBase64(base64))?.[1] ?? ''
}

/** SIMPLIFIED: the request has to be a PEM block, but what it holds and its signature are not looked at. */
function checkRequest(request: string): FieldError[] {
  if (pemType(request) === 'CERTIFICATE REQUEST') return []
  return [invalid('spec.request', request, 'PEM block type must be CERTIFICATE REQUEST')]
}

function checkConditions(csr: Csr): FieldError[] {
  const field = 'status.conditions'
  const seen = new Set<string>()
  return conditionsOf(csr).flatMap(({ type = '', status = '' }, i) => {
    const errors: FieldError[] = type === '' ? [required(`${field}[${i}].type`)] : []
    const allowed = ['Approved', 'Denied', 'Failed'].includes(type) ? ['True'] : ['False', 'True', 'Unknown']
    const at = `${field}[${i}].status`
    errors.push(...(status === '' ? [required(at)] : checkOneOf(status, allowed, at)))
    const other = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : undefined
    if (other && seen.has(other)) errors.push(invalid(field, type, 'Approved and Denied conditions are mutually exclusive'))
    if (seen.has(type)) errors.push(duplicate(`${field}[${i}].type`, type))
    seen.add(type)
    return errors
  })
}

function checkCertificate(csr: Csr): FieldError[] {
  const { certificate = '' } = csr.status ?? {}
  if (certificate === '') return []
  const bad = (detail: string) => [invalid('status.certificate', '<certificate data>', detail)]
  const type = pemType(certificate)
  if (type === '') return bad('must contain at least one CERTIFICATE PEM block')
  return type === 'CERTIFICATE' ? [] : bad(`only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`)
}

function validate(csr: Csr): FieldError[] {
  const { request = '', usages = [], signerName, expirationSeconds: seconds } = csr.spec ?? {}
  const errors = checkRequest(request)
  if (usages.length === 0) errors.push(required('spec.usages'))
  errors.push(...each(usages, (u, i) => (USAGES.includes(u) ? [] : [notSupported(`spec.usages[${i}]`, u, USAGES)])))
  errors.push(...each(usages, (u, i) => (usages.indexOf(u) < i ? [duplicate(`spec.usages[${i}]`, u)] : [])))
  if (signerName === 'kubernetes.io/legacy-unknown') {
    errors.push(invalid('spec.signerName', signerName, 'the legacy signerName is not allowed via this API version'))
  } else errors.push(...checkSignerName(signerName, 'spec.signerName'))
  if (seconds !== undefined && seconds < 600) {
    const detail = 'may not specify a duration less than 600 seconds (10 minutes)'
    errors.push(invalid('spec.expirationSeconds', seconds, detail))
  }
  return [...errors, ...checkConditions(csr), ...checkCertificate(csr)]
}

/** What no write may do, or only those of the subresource that is for it. */
function checkUpdate(csr: Csr, old: Csr, may: { readonly approve: boolean; readonly issue: boolean }): FieldError[] {
  const errors = validate(csr)
  const field = 'status.conditions'
  for (const type of ['Approved', 'Denied', 'Failed']) {
    if (ofType(csr, type).length >= ofType(old, type).length) continue
    errors.push(forbidden(field, `updates may not remove a condition of type "${type}"`))
  }
  for (const type of may.approve ? [] : ['Approved', 'Denied']) {
    const [now, before] = [ofType(csr, type), ofType(old, type)]
    if (now.length > before.length) errors.push(forbidden(field, `updates may not add a condition of type "${type}"`))
    else if (now.length === before.length && !jsonEqual(now, before)) {
      errors.push(forbidden(field, `updates may not modify a condition of type "${type}"\n`))
    }
  }
  const [now, before] = [csr.status?.certificate ?? '', old.status?.certificate ?? '']
  if (now === before) return errors
  if (!may.issue) errors.push(forbidden('status.certificate', 'updates may not set certificate content'))
  else if (before !== '') errors.push(forbidden('status.certificate', 'updates may not modify existing certificate content'))
  return errors
}

/** The times that the writer of a condition left out. */
function stamped(csr: Csr, old: Csr, nowMs: number): Csr {
  if (csr.status?.conditions === undefined) return csr
  const now = formatTime(nowMs)
  const conditions = csr.status.conditions.map((c): Condition => {
    const before = conditionsOf(old).find((o) => o.type === c.type && o.status === c.status && o.lastTransitionTime)
    return {
      ...c,
      lastUpdateTime: c.lastUpdateTime ?? now,
      lastTransitionTime: c.lastTransitionTime ?? before?.lastTransitionTime ?? now,
    }
  })
  return { ...csr, status: { ...csr.status, conditions } }
}

/** Approval and denial stay as they were; where some were added or removed the check of the update will say so. */
function keepApproval(csr: Csr, old: Csr): Csr {
  if (csr.status?.conditions === undefined) return csr
  const replaced = (c: Condition): Condition => {
    if (c.type !== 'Approved' && c.type !== 'Denied') return c
    const [mine, theirs] = [ofType(csr, c.type), ofType(old, c.type)]
    return mine.length === theirs.length ? (theirs[mine.indexOf(c)] ?? c) : c
  }
  return { ...csr, status: { ...csr.status, conditions: csr.status.conditions.map(replaced) } }
}

/** Nothing can be changed but through /status and /approval, which writes the conditions only. */
function prepareForUpdate(csr: Csr, old: Csr, { subresource, nowMs }: StrategyContext): Csr {
  const kept: Csr = { ...csr, spec: old.spec, ...(old.status && { status: old.status }) }
  if (subresource !== 'approval') return kept
  return stamped({ ...kept, status: { ...old.status, conditions: csr.status?.conditions ?? [] } }, old, nowMs)
}

function conditionCell(csr: Csr): string {
  const has = (type: string) => ofType(csr, type).length > 0
  const base = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending'
  return `${base}${has('Failed') ? ',Failed' : ''}${csr.status?.certificate ? ',Issued' : ''}`
}

/**
 * k8s 1.36: registry/certificates/certificates strategy.go. Who asks (username, uid, groups, extra) is filled in by
 * whoever knows the request's user.
 */
export const certificateSigningRequest = defineStrategy<Csr>({
  group: 'certificates.k8s.io',
  resource: 'certificatesigningrequests',
  shortNames: ['csr'],
  validateName: () => [],
  prepareForCreate: (csr) => ({ ...csr, status: {} }),
  prepareForUpdate,
  prepareForStatusUpdate: (csr, old, { nowMs }) => stamped(keepApproval({ ...csr, spec: old.spec }, old), old, nowMs),
  validate,
  validateUpdate: (csr, old, { subresource }) => checkUpdate(csr, old, { approve: subresource === 'approval', issue: false }),
  validateStatusUpdate: (csr, old) => checkUpdate(csr, old, { approve: false, issue: true }),
  fields: { 'spec.signerName': (csr) => csr.spec?.signerName ?? '' },
  columns: [
    nameColumn,
    ageColumn,
    column('SignerName', SIGNER_NAME, (c) => c.spec.signerName || '<none>'),
    column('Requestor', 'Base64-encoded PKCS#10 CSR data', (c) => c.spec.username ?? ''),
    column('RequestedDuration', REQUESTED_DURATION, (c) =>
      c.spec.expirationSeconds === undefined ? '<none>' : humanDuration(c.spec.expirationSeconds * 1000),
    ),
    column('Condition', 'Conditions applied to the request, such as approval or denial.', conditionCell),
  ],
})
