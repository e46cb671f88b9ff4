/**
 * The webhook server of the end-to-end tests: `agnhost webhook`. Admission reviews and conversions, as
 * k8s 1.36: test/images/agnhost/webhook answers them.
 */
import type { JsonObject } from '../../apimachinery/resource.ts'
import type { HttpRequest, HttpResponse, System } from '../program.ts'
import { MiB, server } from './server.ts'

interface Review {
  readonly apiVersion?: string
  readonly kind?: string
  readonly request?: ReviewRequest
}

interface ReviewRequest {
  readonly uid?: string
  readonly name?: string
  readonly operation?: string
  readonly object?: ReviewObject | null
  readonly oldObject?: ReviewObject | null
  readonly desiredAPIVersion?: string
  readonly objects?: readonly JsonObject[]
}

interface ReviewObject {
  readonly metadata?: { readonly name?: string; readonly labels?: { readonly [key: string]: string } }
  readonly data?: { readonly [key: string]: unknown }
  readonly spec?: { readonly containers?: readonly { readonly name?: string }[] }
  readonly stdin?: boolean
  readonly container?: string
}

/** What is said of a request: no message lets it pass. */
interface Verdict {
  readonly refusal?: string
  readonly note?: string
  readonly patch?: readonly object[]
  readonly delayMs?: number
}

type Handler = (request: ReviewRequest) => Verdict

const UNWANTED = 'webhook-e2e-test'
const DISALLOWED = 'webhook-disallow'
const NEVER_MS = 3_600_000

/** On DELETE there is only the old object. */
const subject = ({ operation, object, oldObject }: ReviewRequest): ReviewObject =>
  (operation === 'DELETE' ? oldObject : object) ?? {}

const refusing =
  (refusal: string): Handler =>
  (request) =>
    subject(request).data?.[UNWANTED] === DISALLOWED ? { refusal } : {}

/** Each stage of the mutation sees what the one before it did. */
const staged: Handler = ({ object }) => {
  const data = object?.data ?? {}
  const add = (name: string) => ({ op: 'add', path: `/data/${name}`, value: 'yes' })
  return {
    patch: [
      ...(data['mutation-start'] === 'yes' ? [add('mutation-stage-1')] : []),
      ...(data['mutation-stage-1'] === 'yes' ? [add('mutation-stage-2')] : []),
    ],
  }
}

const checkPods: Handler = (request) => {
  const { metadata, spec } = subject(request)
  const label = metadata?.labels?.[UNWANTED]
  if (label === 'wait-forever') return { refusal: 'the pod response should not be sent; ', delayMs: NEVER_MS }
  const bad = spec?.containers?.some(({ name }) => name?.includes(DISALLOWED))
  const refusal = `${label === DISALLOWED ? 'the pod contains unwanted label; ' : ''}${bad ? 'the pod contains unwanted container name; ' : ''}`
  return refusal === '' ? {} : { refusal }
}

const INIT_CONTAINER = { image: 'webhook-added-image', name: 'webhook-added-init-container', resources: {} }

const addLabel: Handler = ({ object }) => {
  const labels = object?.metadata?.labels
  if (labels === undefined) return { patch: [{ op: 'add', path: '/metadata/labels', value: { 'added-label': 'yes' } }] }
  return labels['added-label'] === 'yes' ? {} : { patch: [{ op: 'add', path: '/metadata/labels/added-label', value: 'yes' }] }
}

const HANDLERS: { readonly [path: string]: Handler } = {
  '/always-allow-delay-5s': () => ({ note: 'this webhook allows all requests', delayMs: 5000 }),
  '/always-deny': () => ({ refusal: 'this webhook denies all requests' }),
  '/add-label': addLabel,
  '/pods': checkPods,
  '/pods/attach': ({ name, object }) =>
    name === 'to-be-attached-pod' && object?.stdin && object.container === 'container1'
      ? { refusal: "attaching to pod 'to-be-attached-pod' is not allowed" }
      : {},
  '/mutating-pods': ({ object }) =>
    object?.metadata?.name === 'webhook-to-be-mutated'
      ? { patch: [{ op: 'add', path: '/spec/initContainers', value: [INIT_CONTAINER] }] }
      : {},
  '/configmaps': refusing('the configmap contains unwanted key and value'),
  '/mutating-configmaps': staged,
  '/custom-resource': refusing('the custom resource contains unwanted data'),
  '/mutating-custom-resource': staged,
  '/crd': (request) =>
    subject(request).metadata?.labels?.[UNWANTED] === DISALLOWED ? { refusal: 'the crd contains unwanted label' } : {},
}

const JSON_HEADERS = { 'content-type': 'application/json' }
const CODES = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Base64 of a text in ASCII. */
function base64(text: string): string {
  let out = ''
  for (let i = 0; i < text.length; i += 3) {
    const [a = 0, b = NaN, c = NaN] = [0, 1, 2].map((n) => text.charCodeAt(i + n))
    const word = (a << 16) | ((b || 0) << 8) | (c || 0)
    out += `${CODES[word >> 18]}${CODES[(word >> 12) & 63]}`
    out += `${Number.isNaN(b) ? '=' : CODES[(word >> 6) & 63]}${Number.isNaN(c) ? '=' : CODES[word & 63]}`
  }
  return out
}

function answerReview(review: Review, handler: Handler): HttpResponse {
  const { refusal, note, patch = [], delayMs } = handler(review.request ?? {})
  const message = refusal ?? note
  const response = {
    uid: review.request?.uid,
    allowed: refusal === undefined,
    ...(message === undefined ? {} : { status: { metadata: {}, message } }),
    ...(patch.length > 0 ? { patch: base64(JSON.stringify(patch)), patchType: 'JSONPatch' } : {}),
  }
  const body = JSON.stringify({ kind: review.kind, apiVersion: review.apiVersion, response })
  return { status: 200, headers: JSON_HEADERS, body, ...(delayMs === undefined ? {} : { delayMs }) }
}

/** Between hostPort of v1 and host and port of v2. */
function converted(object: JsonObject, to: string): JsonObject | string {
  const from = String(object.apiVersion)
  if (from === to) return `conversion from a version to itself should not call the webhook: ${to}`
  const { hostPort, host, port, ...rest } = object
  if (from.endsWith('/v1') && to.endsWith('/v2')) {
    if (typeof hostPort !== 'string') return { ...rest, apiVersion: to }
    const [first, second, third] = hostPort.split(':')
    if (second === undefined || third !== undefined) return `invalid hostPort value \`${hostPort}\``
    return { ...rest, apiVersion: to, host: first, port: second }
  }
  if (from.endsWith('/v2') && to.endsWith('/v1')) {
    if (host === undefined && port === undefined) return { ...rest, apiVersion: to }
    return {
      ...rest,
      apiVersion: to,
      hostPort: `${typeof host === 'string' ? host : ''}:${typeof port === 'string' ? port : ''}`,
    }
  }
  return `unexpected conversion version ${JSON.stringify(from)}`
}

function answerConversion(review: Review): HttpResponse {
  const { uid, desiredAPIVersion = '', objects = [] } = review.request ?? {}
  const results = objects.map((object) => converted(object, desiredAPIVersion))
  const message = results.find((result) => typeof result === 'string')
  const response =
    message === undefined
      ? { uid, convertedObjects: results, result: { metadata: {}, status: 'Success' } }
      : { uid, convertedObjects: [], result: { metadata: {}, status: 'Failure', message } }
  return {
    status: 200,
    headers: JSON_HEADERS,
    body: JSON.stringify({ kind: review.kind, apiVersion: review.apiVersion, response }),
  }
}

function answer({ path, body }: HttpRequest): HttpResponse {
  const name = path.split('?')[0] ?? ''
  if (name === '/readyz') return { status: 200, body: 'ok' }
  const handler = HANDLERS[name]
  if (!handler && name !== '/crdconvert') return { status: 404, body: '404 page not found\n' }
  const review = JSON.parse(body || '{}') as Review
  return handler ? answerReview(review, handler) : answerConversion(review)
}

const portOf = ({ argv }: System) => Number(argv.find((word) => word.startsWith('--port='))?.slice(7) ?? 443)

/** `agnhost webhook --port=N`. */
export const webhookServer = server({
  startMs: 50,
  memoryBytes: 12 * MiB,
  ports: (system) => [{ port: portOf(system), service: { protocol: 'https', http: answer } }],
})
