/** Custom resources between the versions of their definition. Source: k8s 1.36 apiextensions apiserver/conversion. */
import { unclassified } from '../../apimachinery/errors.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  WebhookConversion,
} from '../../apimachinery/generated/types.ts'
import type { JsonObject, KubeObject } from '../../apimachinery/resource.ts'
import { decode } from '../../apimachinery/schema/decode.ts'
import type { Model } from '../../apimachinery/schema/schema.ts'
import { webhookUrl, type WebhookAddress } from '../admission/webhook-caller.ts'
import type { Conversion } from '../convert/conversions.ts'
import type { Registry } from '../rest/context.ts'
import { withSchemaDefaults } from './defaults.ts'

/** What conversions need of the server: webhooks, and uids for the questions to them. */
export type ConversionHost = Pick<Registry, 'webhooks' | 'newUid'>

const TIMEOUT_SECONDS = 30
const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Between one version and the stored one; defaults that came later are filled on the way out. Undefined when objects
 * stay as they are. Stored objects do not change, so each is converted once.
 */
export function conversionOf(
  crd: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  storage: Conversion['storage'],
  model: Model,
  host: ConversionHost,
): Conversion | undefined {
  const schema = version.schema?.openAPIV3Schema
  const apiVersion = `${crd.spec.group}/${version.name}`
  const many = crd.spec.versions.length > 1
  if (!many && !JSON.stringify(schema ?? {}).includes('"default"')) return undefined
  const hook = crd.spec.conversion?.strategy === 'Webhook' ? crd.spec.conversion.webhook : undefined
  const convert = (object: KubeObject, to: string): KubeObject => {
    if (object.apiVersion === to) return object
    return hook ? converted(object, to, hook, host) : { ...object, apiVersion: to }
  }
  const shown = new WeakMap<KubeObject, KubeObject>()
  return {
    storage,
    toStorage: (object) => convert(object, storage.apiVersion ?? apiVersion),
    fromStorage: (object) => {
      let out = shown.get(object)
      if (!out) {
        const moved = convert(object, apiVersion)
        const pruned =
          moved === object || !many ? moved : (decode(model, moved, { strictness: 'Ignore' }).object as unknown as KubeObject)
        out = schema ? (withSchemaDefaults(pruned, schema) as KubeObject) : pruned
        shown.set(object, out)
      }
      return out
    },
  }
}

const goKind = ({ apiVersion = '', kind = '' }: KubeObject) => `${apiVersion}, Kind=${kind}`

/** Asks the webhook for one object in another version. */
function converted(object: KubeObject, to: string, hook: WebhookConversion, host: ConversionHost): KubeObject {
  const fail = (why: string) => unclassified(`conversion webhook for ${goKind(object)} ${why}`)
  const { url, service, caBundle } = hook.clientConfig ?? {}
  const address: WebhookAddress = {
    hasCaBundle: !!caBundle,
    ...(url ? { url } : {}),
    ...(service
      ? { service: { namespace: service.namespace, name: service.name, port: service.port ?? 443, path: service.path ?? '' } }
      : {}),
  }
  const version = hook.conversionReviewVersions.find((v) => v === 'v1' || v === 'v1beta1') ?? 'v1'
  const uid = host.newUid()
  const review = {
    kind: 'ConversionReview',
    apiVersion: `apiextensions.k8s.io/${version}`,
    request: { uid, desiredAPIVersion: to, objects: [object] },
  }
  const reply = host.webhooks.post(address, review, TIMEOUT_SECONDS * 1000)
  if ('failure' in reply) throw fail(`failed: Post ${JSON.stringify(webhookUrl(address, TIMEOUT_SECONDS))}: ${reply.failure}`)
  const response = isObject(reply.body) ? reply.body.response : undefined
  if (!isObject(response)) throw fail('failed: no response provided')
  if (response.uid !== uid)
    throw fail(`failed: expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`)
  const result = (response.result ?? {}) as { status?: string; message?: string }
  if (result.status !== 'Success')
    throw fail(`failed: ${result.message || `response.result.status was '${result.status ?? ''}', not 'Success'`}`)
  const objects = response.convertedObjects
  if (!Array.isArray(objects) || objects.length !== 1)
    throw fail(`returned ${Array.isArray(objects) ? objects.length : 0} objects, expected 1`)
  return adopted(object, objects[0] as KubeObject, to, fail)
}

/** Of metadata only labels and annotations may change. */
function adopted(original: KubeObject, given: KubeObject, to: string, fail: (why: string) => Error): KubeObject {
  const invalid = (why: string) => fail(`returned invalid converted object at index 0: ${why}`)
  if (given.apiVersion !== to) throw invalid(`invalid groupVersion (expected ${to}, received ${given.apiVersion ?? ''})`)
  if (given.kind !== original.kind) throw invalid(`invalid kind (expected ${original.kind ?? ''}, received ${given.kind ?? ''})`)
  for (const key of ['name', 'namespace', 'uid'] as const)
    if (given.metadata?.[key] !== original.metadata[key])
      throw fail(
        `returned invalid metadata in object at index 0: must have the same ${key === 'uid' ? 'UID' : key}: ${original.metadata[key] ?? ''} != ${given.metadata?.[key] ?? ''}`,
      )
  const { labels, annotations } = given.metadata
  const { labels: _, annotations: __, ...kept } = original.metadata
  return { ...given, metadata: { ...kept, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) } }
}
