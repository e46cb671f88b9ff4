/** One question to one webhook. Source: k8s 1.36 plugin/webhook request/admissionreview.go, dispatchers. */
import { StatusError, badRequest, internal } from '../../apimachinery/errors.ts'
import type { MutatingWebhook, ValidatingWebhook } from '../../apimachinery/generated/types.ts'
import type { JsonObject } from '../../apimachinery/resource.ts'
import { decodeBase64 } from '../kinds/shared/base64.ts'
import { webhookUrl, type WebhookAddress } from './webhook-caller.ts'
import { admissionRequest, shownAs, type Match, type Target } from './target.ts'

export type Webhook = ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>

/** The webhook could not be asked, or its answer not be understood: failurePolicy decides. */
export class WebhookCallError extends Error {}

interface Response {
  readonly uid?: string
  readonly allowed?: boolean
  readonly status?: { readonly message?: string; readonly reason?: string; readonly code?: number; readonly status?: string }
  readonly patch?: string
  readonly patchType?: string
  readonly warnings?: readonly string[]
}

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

function addressOf({ clientConfig }: Webhook): WebhookAddress {
  const { url, service, caBundle } = clientConfig
  return {
    hasCaBundle: !!caBundle,
    ...(url ? { url } : {}),
    ...(service
      ? { service: { namespace: service.namespace, name: service.name, port: service.port ?? 443, path: service.path ?? '' } }
      : {}),
  }
}

/** Asks a webhook about a write. Gives the JSON patch it wants, if any. Throws its refusal, or a WebhookCallError. */
export function ask(hook: Webhook, target: Target, match: Match, mutating: boolean): readonly unknown[] | undefined {
  const { scope, object, old } = target.attributes
  const fail = (why: string) => new WebhookCallError(`failed calling webhook ${JSON.stringify(hook.name)}: ${why}`)
  checkDryRun(hook, scope.request.options?.dryRun === true)
  const version = hook.admissionReviewVersions.find((v) => v === 'v1' || v === 'v1beta1')
  if (!version)
    throw fail('could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)')
  const uid = scope.registry.newUid()
  const apiVersion = `admission.k8s.io/${version}`
  const review = {
    kind: 'AdmissionReview',
    apiVersion,
    request: {
      uid,
      ...admissionRequest(target, match),
      object: shownAs(object, match) ?? null,
      oldObject: shownAs(old, match) ?? null,
    },
  }
  const timeoutSeconds = hook.timeoutSeconds ?? 10
  const address = addressOf(hook)
  const reply = scope.registry.webhooks.post(address, review, timeoutSeconds * 1000)
  if ('failure' in reply)
    throw fail(`failed to call webhook: Post ${JSON.stringify(webhookUrl(address, timeoutSeconds))}: ${reply.failure}`)
  const checked = checkedResponse(reply.body, uid, apiVersion, mutating)
  if (typeof checked === 'string') throw fail(`received invalid webhook response: ${checked}`)
  scope.warnings.push(...(checked.warnings ?? []))
  if (!checked.allowed) throw refusal(hook.name, checked.status)
  return checked.patch ? patchOf(checked.patch, fail) : undefined
}

function checkDryRun(hook: Webhook, dryRun: boolean): void {
  if (dryRun && hook.sideEffects !== 'None' && hook.sideEffects !== 'NoneOnDryRun')
    throw badRequest(`admission webhook ${JSON.stringify(hook.name)} does not support dry run`)
}

/** k8s 1.36: VerifyAdmissionResponse. */
function checkedResponse(body: unknown, uid: string, apiVersion: string, mutating: boolean): Response | string {
  if (!isObject(body)) return 'webhook response was absent'
  const response = body.response
  if (!isObject(response)) return 'webhook response was absent'
  const given = response as Response
  if (apiVersion.endsWith('/v1beta1')) return given
  if (given.uid !== uid) return `expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(given.uid ?? '')}`
  const met = `${String(body.apiVersion ?? '')}, Kind=${String(body.kind ?? '')}`
  if (met !== `${apiVersion}, Kind=AdmissionReview`)
    return `expected webhook response of ${apiVersion}, Kind=AdmissionReview, got ${met}`
  if (!mutating) {
    if (given.patch) return 'validating webhook may not return response.patch'
    return given.patchType ? 'validating webhook may not return response.patchType' : given
  }
  if (given.patch && !given.patchType) return 'webhook returned response.patch but not response.patchType'
  if (given.patchType && !given.patch) return 'webhook returned response.patchType but not response.patch'
  if (given.patchType && given.patchType !== 'JSONPatch')
    return `webhook returned invalid response.patchType of ${JSON.stringify(given.patchType)}`
  return given
}

/** k8s 1.36: webhook/errors ToStatusErr. */
function refusal(name: string, status: Response['status']): StatusError {
  const by = `admission webhook ${JSON.stringify(name)} denied the request`
  const why = status?.message || status?.reason
  const code = status?.code !== undefined && status.code >= 400 ? status.code : 400
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    ...status,
    status: 'Failure',
    message: why ? `${by}: ${why}` : `${by} without explanation`,
    code,
  } as StatusError['status'])
}

function patchOf(text: string, fail: (why: string) => WebhookCallError): readonly unknown[] {
  try {
    const patch: unknown = JSON.parse(utf8(decodeBase64(text)))
    if (Array.isArray(patch)) return patch
    throw new SyntaxError('a JSON patch is a list')
  } catch (error) {
    if (error instanceof SyntaxError) throw fail(`received undecodable patch in webhook response: ${error.message}`)
    throw error
  }
}

/** Text from its UTF-8 bytes, one character each. */
function utf8(bytes: string): string {
  try {
    return decodeURIComponent([...bytes].map((c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`).join(''))
  } catch (error) {
    if (error instanceof URIError) return bytes
    throw error
  }
}

/** What a call error becomes for the client when the webhook is to fail closed. */
export const closed = (error: WebhookCallError): StatusError => internal(error.message)
