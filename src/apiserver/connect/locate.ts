import { badRequest, notFound } from '../../apimachinery/errors.ts'
import type { Node, Pod } from '../../apimachinery/generated/types.ts'
import { lookUp, type Registry } from '../rest/context.ts'

const list = (names: readonly string[]) => `[${names.join(' ')}]`

/** The container that a log or exec means. k8s 1.36: core/pod validateContainer. */
export function containerOf(pod: Pod, asked: string): string {
  const name = pod.metadata.name ?? ''
  const names = (containers: readonly { readonly name: string }[] | undefined) => (containers ?? []).map((c) => c.name)
  const main = names(pod.spec?.containers)
  const init = names(pod.spec?.initContainers)
  const ephemeral = names(pod.spec?.ephemeralContainers)
  if (asked !== '') {
    if ([...main, ...init, ...ephemeral].includes(asked)) return asked
    throw badRequest(`container ${asked} is not valid for pod ${name}`)
  }
  if (main.length === 1) return main[0] ?? ''
  if (main.length === 0) throw badRequest(`a container name must be specified for pod ${name}`)
  throw badRequest(
    `a container name must be specified for pod ${name}, choose one of: ${list(main)}` +
      (init.length > 0 ? ` or one of the init containers: ${list(init)}` : '') +
      (ephemeral.length > 0 ? ` or one of the ephemeral containers: ${list(ephemeral)}` : ''),
  )
}

export function podOf(registry: Registry, namespace: string, name: string): Pod {
  const pod = lookUp<Pod>(registry, 'pods', namespace, name)
  if (!pod) throw notFound({ group: '', resource: 'pods' }, name)
  return pod
}

/** Whether the pod has a node; the node must exist. The error names it as the request's resource, as Kubernetes does. */
export function hasNode(registry: Registry, pod: Pod): boolean {
  const nodeName = pod.spec?.nodeName
  if (!nodeName) return false
  if (!lookUp<Node>(registry, 'nodes', '', nodeName)) throw notFound({ group: '', resource: 'pods' }, nodeName)
  return true
}

/** The same for streams, which need a node. */
export function requireNode(registry: Registry, pod: Pod): void {
  if (!hasNode(registry, pod)) throw badRequest(`pod ${pod.metadata.name ?? ''} does not have a host assigned`)
}
