import { badRequest, conflict, invalid as invalidError, notFound } from '../../apimachinery/errors.ts'
import { invalid } from '../../apimachinery/field-errors.ts'
import type {
  AuthenticationV1TokenRequest,
  Node,
  Pod,
  ServiceAccount,
  TokenRequestSpec,
} from '../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import { formatTime } from '../../sim/time.ts'
import { ISSUER, type TokenClaims } from '../authn/tokens.ts'
import { lookUp, type RequestScope } from './context.ts'
import { currentEntry } from './update.ts'
import { bodyObject, fieldWrite, validateAdmission } from './write.ts'

const MIN_SECONDS = 600
const KIND = { group: 'authentication.k8s.io', kind: 'TokenRequest' }

/** POST serviceaccounts/NAME/token. k8s 1.36: core/serviceaccount/storage TokenREST. */
export function createToken(scope: RequestScope): KubeObject {
  const { registry, request } = scope
  const given = bodyObject(scope) as AuthenticationV1TokenRequest
  const { name = '', namespace = '' } = request
  checkNames(given, name, namespace)
  const account = currentEntry(scope).value as ServiceAccount
  const uid = account.metadata.uid ?? ''
  const asked = given.spec ?? ({} as Partial<TokenRequestSpec>)
  const spec: TokenRequestSpec = {
    audiences: asked.audiences?.length ? asked.audiences : [ISSUER],
    expirationSeconds: asked.expirationSeconds ?? 3600,
    boundObjectRef: (asked.boundObjectRef ?? null) as TokenRequestSpec['boundObjectRef'],
  }
  checkSpec(spec)
  if (given.metadata?.uid && given.metadata.uid !== uid)
    throw conflict(
      { group: KIND.group, resource: KIND.kind },
      name,
      `the UID in the token request (${given.metadata.uid}) does not match the UID of the service account (${uid})`,
    )
  const { now } = registry.sim
  const object: AuthenticationV1TokenRequest & KubeObject = {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, uid, creationTimestamp: formatTime(now) },
    spec,
    status: { token: '', expirationTimestamp: '' },
  }
  validateAdmission(scope, 'CREATE', object, undefined)
  const expiresMs = now + (spec.expirationSeconds ?? 0) * 1000
  const token = registry.tokens.issue(claimsOf(scope, account, spec, expiresMs))
  const answer = { ...object, status: { token, expirationTimestamp: formatTime(expiresMs) } }
  const write = fieldWrite(scope, { ...object, status: undefined } as KubeObject)
  registry.managed.record(answer, undefined, {
    ...write,
    apiVersion: object.apiVersion ?? '',
    model: 'AuthenticationV1TokenRequest',
  })
  return answer
}

function checkNames({ metadata }: AuthenticationV1TokenRequest, name: string, namespace: string): void {
  const refuse = (field: string, value: string) =>
    invalidError(KIND, name, [invalid(`metadata.${field}`, value, `must match the service account ${field} if specified`)])
  if (metadata?.name && metadata.name !== name) throw refuse('name', metadata.name)
  if (metadata?.namespace && metadata.namespace !== namespace) throw refuse('namespace', metadata.namespace)
}

/** k8s 1.36: ValidateTokenRequest. */
function checkSpec({ expirationSeconds = 0 }: TokenRequestSpec): void {
  const refuse = (why: string) => invalidError(KIND, '', [invalid('spec.expirationSeconds', expirationSeconds, why)])
  if (expirationSeconds < MIN_SECONDS) throw refuse('may not specify a duration less than 10 minutes')
  if (expirationSeconds > 2 ** 32) throw refuse('may not specify a duration larger than 2^32 seconds')
}

function claimsOf(scope: RequestScope, account: ServiceAccount, spec: TokenRequestSpec, expiresMs: number): TokenClaims {
  const { registry } = scope
  const { name = '', namespace = '', uid = '' } = account.metadata
  const nowSeconds = Math.floor(registry.sim.now / 1000)
  return {
    aud: spec.audiences ?? [],
    exp: Math.floor(expiresMs / 1000),
    iat: nowSeconds,
    iss: ISSUER,
    jti: registry.newUid(),
    'kubernetes.io': { namespace, serviceaccount: { name, uid }, ...boundTo(scope, spec) },
    nbf: nowSeconds,
    sub: `system:serviceaccount:${namespace}:${name}`,
  }
}

/** The object whose end is the token's end. */
function boundTo(scope: RequestScope, { boundObjectRef: ref }: TokenRequestSpec) {
  if (!ref) return {}
  const { registry, request } = scope
  const { namespace = '' } = request
  const name = ref.name ?? ''
  const kind = ref.apiVersion === undefined || ref.apiVersion === 'v1' ? ref.kind : ''
  const find = (resource: string, inside: string): KubeObject => {
    const object = lookUp(registry, resource, inside, name)
    if (!object) throw notFound({ group: '', resource }, name)
    if (ref.uid && ref.uid !== object.metadata.uid)
      throw conflict(
        { group: '', resource: ref.kind ?? '' },
        name,
        `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
      )
    return object
  }
  if (kind === 'Pod') {
    const pod = find('pods', namespace) as Pod
    if (pod.spec?.serviceAccountName !== request.name)
      throw badRequest(
        `cannot bind token for serviceaccount ${JSON.stringify(request.name)} to pod running with different serviceaccount name.`,
      )
    const nodeName = pod.spec?.nodeName
    const node = nodeName ? lookUp<Node>(registry, 'nodes', '', nodeName) : undefined
    return {
      pod: { name, uid: pod.metadata.uid ?? '' },
      ...(nodeName ? { node: { name: nodeName, ...(node?.metadata.uid ? { uid: node.metadata.uid } : {}) } } : {}),
    }
  }
  if (kind === 'Node') return { node: { name, uid: find('nodes', '').metadata.uid ?? '' } }
  if (kind === 'Secret') return { secret: { name, uid: find('secrets', namespace).metadata.uid ?? '' } }
  throw badRequest(`cannot bind token to object of type ${ref.apiVersion ?? ''}, Kind=${ref.kind ?? ''}`)
}
