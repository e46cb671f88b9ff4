import type { Node, Pod } from '../../apimachinery/generated/types.ts'
import { deny } from './forbid.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './plugin.ts'

const PREFIX = 'system:node:'

function validate(attributes: AdmissionAttributes): void {
  const { scope, operation, object, old } = attributes
  const { info, request } = scope
  const { user } = request
  if (!user.name.startsWith(PREFIX) || !user.groups.includes('system:nodes')) return
  const name = user.name.slice(PREFIX.length)
  const quoted = JSON.stringify(name)
  if (info.bucket === 'nodes') {
    const target = request.name ?? (object as Node | undefined)?.metadata.name
    if (target !== name) throw deny(attributes, `node ${quoted} is not allowed to modify node ${JSON.stringify(target)}`)
  }
  if (info.bucket !== 'pods') return
  const pod = (old ?? object) as Pod
  if (operation === 'CREATE' && !request.subresource && pod.metadata.annotations?.['kubernetes.io/config.mirror'] === undefined)
    throw deny(
      attributes,
      `pod does not have "kubernetes.io/config.mirror" annotation, node ${quoted} can only create mirror pods`,
    )
  if (pod.spec?.nodeName !== name)
    throw deny(attributes, `node ${quoted} can only ${operation.toLowerCase()} pods with spec.nodeName set to itself`)
}

/** Kubelets touch only their own node and its pods. k8s 1.36: NodeRestriction. SIMPLIFIED: labels and taints are free. */
export const nodeRestriction: AdmissionPlugin = { name: 'NodeRestriction', buckets: ['nodes', 'pods'], validate }
