import { resetFields } from '../apimachinery/managedfields/managers.ts'
import type { FieldSet } from '../apimachinery/managedfields/fieldset.ts'
import type { ResourceInfo } from './resources.ts'

const STATUS = resetFields('status')
const SPEC = resetFields('spec')
const METADATA_AND_SPEC = resetFields('metadata', 'spec')

/** Status writes to these leave metadata alone too. */
const METADATA_RESET: ReadonlySet<string> = new Set([
  'servicecidrs.networking.k8s.io',
  'resourceclaims.resource.k8s.io',
  'volumeattachments.storage.k8s.io',
  'flowschemas.flowcontrol.apiserver.k8s.io',
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io',
  'customresourcedefinitions.apiextensions.k8s.io',
])

const SPECIAL: { readonly [bucketAndSubresource: string]: FieldSet } = {
  'pods/status': resetFields('spec', 'metadata.deletionTimestamp', 'metadata.ownerReferences'),
  'deployments.apps/status': resetFields('spec', 'metadata.labels'),
  'certificatesigningrequests.certificates.k8s.io/': resetFields('spec', 'status'),
  'certificatesigningrequests.certificates.k8s.io/status': resetFields('spec', 'status.conditions'),
  'certificatesigningrequests.certificates.k8s.io/approval': resetFields('spec', 'status.certificate'),
}

/**
 * What a write to the resource or subresource never takes from the request, and so nobody owns by it.
 * k8s 1.36: GetResetFields of the strategies.
 */
export function resetOf(info: ResourceInfo, subresource: string): FieldSet | undefined {
  let known = RESETS.get(info)
  if (!known) RESETS.set(info, (known = new Map()))
  if (!known.has(subresource)) known.set(subresource, findReset(info, subresource))
  return known.get(subresource)
}

/** Asked for on every write. */
const RESETS = new WeakMap<ResourceInfo, Map<string, FieldSet | undefined>>()

function findReset(info: ResourceInfo, subresource: string): FieldSet | undefined {
  const special = SPECIAL[`${info.bucket}/${subresource}`]
  if (special) return special
  if (!info.subresources.has('status')) return undefined
  if (subresource === '') return STATUS
  if (subresource !== 'status') return undefined
  return info.custom || METADATA_RESET.has(info.bucket) ? METADATA_AND_SPEC : SPEC
}
