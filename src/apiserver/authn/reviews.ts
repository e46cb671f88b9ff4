import { badRequest, invalid as invalidError } from '../../apimachinery/errors.ts'
import { invalid, type FieldError } from '../../apimachinery/field-errors.ts'
import type {
  NonResourceAttributes,
  ResourceAttributes,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  SubjectAccessReviewStatus,
  TokenReview,
} from '../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import { formatTime } from '../../sim/time.ts'
import type { UserInfo } from '../api.ts'
import type { Attributes } from '../authz/authorizer.ts'
import type { RequestScope } from '../rest/context.ts'
import { ISSUER } from './tokens.ts'

type Review = (scope: RequestScope, question: KubeObject) => KubeObject

/** The kinds that are questions. k8s 1.36: pkg/registry/authorization, authentication. */
export const reviewHandlers: { readonly [resource: string]: Review } = {
  selfsubjectaccessreviews: reviewOwnAccess,
  subjectaccessreviews: reviewAccess,
  localsubjectaccessreviews: reviewAccess,
  selfsubjectrulesreviews: reviewOwnRules,
  tokenreviews: reviewToken,
  selfsubjectreviews: reviewSelf,
}

interface AccessSpec {
  readonly resourceAttributes?: ResourceAttributes
  readonly nonResourceAttributes?: NonResourceAttributes
}

function checkSpec(spec: AccessSpec | undefined, who: readonly FieldError[] = []): void {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec ?? {}
  const errors: FieldError[] = []
  if (resource && path)
    errors.push(
      invalid(
        'spec.nonResourceAttributes',
        { Path: path.path ?? '', Verb: path.verb ?? '' },
        'cannot be specified in combination with resourceAttributes',
      ),
    )
  if (!resource && !path)
    errors.push(
      invalid('spec.resourceAttributes', null, 'exactly one of nonResourceAttributes or resourceAttributes must be specified'),
    )
  errors.push(...who)
  if (errors.length > 0) throw invalidError({ group: 'authorization.k8s.io', kind: '' }, '', errors)
}

function attributesOf(user: UserInfo, { resourceAttributes: r, nonResourceAttributes: n }: AccessSpec): Attributes {
  return {
    user,
    verb: r?.verb ?? n?.verb ?? '',
    namespace: r?.namespace ?? '',
    group: r?.group ?? '',
    resource: r?.resource ?? '',
    subresource: r?.subresource ?? '',
    name: r?.name ?? '',
    ...(r ? {} : { path: n?.path ?? '' }),
  }
}

function decide(scope: RequestScope, attributes: Attributes): SubjectAccessReviewStatus {
  const { verdict, reason, error } = scope.registry.authorizer.authorize(attributes)
  return {
    allowed: verdict === 'allow',
    ...(verdict === 'deny' ? { denied: true } : {}),
    ...(reason ? { reason } : {}),
    ...(error ? { evaluationError: error } : {}),
  }
}

function reviewOwnAccess(scope: RequestScope, question: KubeObject): KubeObject {
  const review = question as SelfSubjectAccessReview
  checkSpec(review.spec)
  return { ...review, metadata: {}, status: decide(scope, attributesOf(scope.request.user, review.spec)) } as KubeObject
}

function reviewAccess(scope: RequestScope, question: KubeObject): KubeObject {
  const review = question as SubjectAccessReview
  const { spec } = review
  const nobody = !spec.user && !spec.groups?.length
  checkSpec(spec, nobody ? [invalid('spec.user', '', 'at least one of user or group must be specified')] : [])
  const namespace = scope.request.namespace
  if (scope.info.namespaced && spec.resourceAttributes?.namespace !== namespace)
    throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${namespace ?? ''}`)
  const user = { name: spec.user ?? '', groups: spec.groups ?? [] }
  return { ...review, metadata: namespace ? { namespace } : {}, status: decide(scope, attributesOf(user, spec)) } as KubeObject
}

function reviewOwnRules(scope: RequestScope, question: KubeObject): KubeObject {
  const review = question as SelfSubjectRulesReview
  const namespace = review.spec.namespace ?? ''
  if (!namespace) throw badRequest('no namespace on request')
  const { user } = scope.request
  const rules = scope.registry.rulesFor(user, namespace)
  const resourceRules = rules
    .filter((rule) => rule.resources?.length)
    .map(({ verbs, apiGroups, resources, resourceNames }) => ({
      verbs,
      ...(apiGroups ? { apiGroups } : {}),
      ...(resources ? { resources } : {}),
      ...(resourceNames ? { resourceNames } : {}),
    }))
  const nonResourceRules = rules
    .filter((rule) => rule.nonResourceURLs?.length)
    .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs }))
  return { ...review, metadata: {}, status: { resourceRules, nonResourceRules, incomplete: false } } as KubeObject
}

function reviewToken(scope: RequestScope, question: KubeObject): KubeObject {
  const review = question as TokenReview
  const token = review.spec?.token ?? ''
  if (token === '') throw badRequest('token is required for TokenReview in authentication')
  const wanted = review.spec?.audiences?.length ? review.spec.audiences : [ISSUER]
  const found = scope.registry.authenticator.token(token)
  const audiences = found?.audiences.filter((audience) => wanted.includes(audience)) ?? []
  if (!found || audiences.length === 0)
    return { ...review, metadata: {}, status: { user: {}, error: 'invalid bearer token' } } as KubeObject
  return { ...review, metadata: {}, status: { authenticated: true, user: userInfo(found.user), audiences } } as KubeObject
}

function reviewSelf(scope: RequestScope, question: KubeObject): KubeObject {
  const metadata = { creationTimestamp: formatTime(scope.registry.sim.now) }
  return { ...question, metadata, status: { userInfo: userInfo(scope.request.user) } } as KubeObject
}

function userInfo({ name, uid, groups, extra }: UserInfo) {
  return {
    username: name,
    ...(uid ? { uid } : {}),
    ...(groups.length > 0 ? { groups } : {}),
    ...(extra && Object.keys(extra).length > 0 ? { extra } : {}),
  }
}
