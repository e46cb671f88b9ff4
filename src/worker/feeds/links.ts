import {
  configmaps,
  cronjobs,
  daemonsets,
  deployments,
  endpointslices,
  jobs,
  nodes,
  persistentvolumeclaims,
  pods,
  replicasets,
  replicationcontrollers,
  secrets,
  serviceaccounts,
  services,
  statefulsets,
} from '../../apimachinery/generated/resources.ts'
import type { Pod, PodSpec, Service } from '../../apimachinery/generated/types.ts'
import type { KubeObject, ResourceRef } from '../../apimachinery/resource.ts'
import { mapSelects } from '../../apimachinery/selectors.ts'
import type { ResourceInfo } from '../../apiserver/resources.ts'
import type { ObjectLink } from '../protocol.ts'
import type { FeedContext } from './feed.ts'
import { PodViewer } from './pod-view.ts'

/** Kinds that other objects can own. */
const OWNED: readonly ResourceRef[] = [
  pods,
  replicasets,
  jobs,
  endpointslices,
  deployments,
  statefulsets,
  daemonsets,
  cronjobs,
  replicationcontrollers,
]

/** How an object hangs together with others: owners, owned, selected, mounted, the node. */
export function linksOf(context: FeedContext, info: ResourceInfo, object: KubeObject): readonly ObjectLink[] {
  const viewer = new PodViewer(context.cluster.api)
  const links: ObjectLink[] = []
  const add = (ref: ResourceRef, namespace: string, name: string, relation: string, status = '') => {
    if (links.some((link) => link.kind === ref.kind && link.name === name && link.relation === relation)) return
    links.push({
      group: ref.group,
      version: ref.version,
      resource: ref.resource,
      kind: ref.kind,
      namespace,
      name,
      relation,
      status,
    })
  }
  const addPod = (pod: Pod, relation: string) =>
    add(pods, pod.metadata.namespace ?? '', pod.metadata.name ?? '', relation, viewer.view(pod).status)
  const namespace = object.metadata.namespace ?? ''

  for (const owner of object.metadata.ownerReferences ?? []) {
    const ref = context.cluster.api.resources.findKind(owner.apiVersion, owner.kind)
    if (ref) add(ref, ref.namespaced ? namespace : '', owner.name, 'owner')
  }
  const uid = object.metadata.uid ?? ''
  for (const ref of OWNED) {
    for (const child of ownedBy(context, ref, uid)) {
      if (ref === pods) addPod(child as Pod, 'owned')
      else add(ref, child.metadata.namespace ?? '', child.metadata.name ?? '', 'owned')
    }
  }
  if (info.bucket === 'services') {
    for (const pod of inNamespace(context, pods, namespace)) if (selects(object as Service, pod)) addPod(pod, 'routes-to')
  }
  if (info.bucket === 'nodes') {
    const informer = context.informers.for(pods)
    informer.addIndex('nodeName', (pod) => [pod.spec?.nodeName ?? ''])
    for (const pod of informer.byIndex('nodeName', object.metadata.name ?? '')) addPod(pod, 'runs')
  }
  if (info.bucket === 'pods') {
    const pod = object as Pod
    if (pod.spec?.nodeName) add(nodes, '', pod.spec.nodeName, 'runs-on')
    for (const service of inNamespace(context, services, namespace))
      if (selects(service, pod)) add(services, namespace, service.metadata.name ?? '', 'selected-by')
  }
  const spec = podSpecOf(info, object)
  if (spec) for (const [ref, name] of mountsOf(spec)) add(ref, namespace, name, 'mounts')
  return links
}

function ownedBy(context: FeedContext, ref: ResourceRef, uid: string): readonly KubeObject[] {
  const informer = context.informers.for(ref)
  informer.addIndex('owner', (object) => (object.metadata.ownerReferences ?? []).map((owner) => owner.uid))
  return informer.byIndex('owner', uid)
}

function inNamespace<T extends KubeObject>(context: FeedContext, ref: ResourceRef<T>, namespace: string): readonly T[] {
  const informer = context.informers.for(ref)
  informer.addIndex('namespace', (object) => [object.metadata.namespace ?? ''])
  return informer.byIndex('namespace', namespace)
}

function selects(service: Service, pod: Pod): boolean {
  const selector = service.spec?.selector
  return selector !== undefined && Object.keys(selector).length > 0 && mapSelects(selector, pod.metadata.labels)
}

function podSpecOf(info: ResourceInfo, object: KubeObject): PodSpec | undefined {
  const { spec } = object as { spec?: PodSpec & { template?: { spec?: PodSpec } } }
  return info.bucket === 'pods' ? spec : spec?.template?.spec
}

/** ConfigMaps, Secrets, claims and the service account that a pod template names. */
function mountsOf(spec: PodSpec): [ResourceRef, string][] {
  const found: [ResourceRef, string][] = []
  for (const volume of spec.volumes ?? []) {
    if (volume.configMap?.name) found.push([configmaps, volume.configMap.name])
    if (volume.secret?.secretName) found.push([secrets, volume.secret.secretName])
    if (volume.persistentVolumeClaim) found.push([persistentvolumeclaims, volume.persistentVolumeClaim.claimName])
  }
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    for (const from of container.envFrom ?? []) {
      if (from.configMapRef?.name) found.push([configmaps, from.configMapRef.name])
      if (from.secretRef?.name) found.push([secrets, from.secretRef.name])
    }
    for (const { valueFrom } of container.env ?? []) {
      if (valueFrom?.configMapKeyRef?.name) found.push([configmaps, valueFrom.configMapKeyRef.name])
      if (valueFrom?.secretKeyRef?.name) found.push([secrets, valueFrom.secretKeyRef.name])
    }
  }
  if (spec.serviceAccountName) found.push([serviceaccounts, spec.serviceAccountName])
  return found
}
