import { isNotFound } from '../../apimachinery/errors.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { configmaps, namespaces } from '../../apimachinery/generated/resources.ts'
import type { ConfigMap, Namespace } from '../../apimachinery/generated/types.ts'
import { ControllerLoop } from '../../client/controller.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'
import { isNamespaceTerminating } from '../shared/pod-control.ts'
import { ROOT_CA } from './root-ca.ts'

const NAME = 'kube-root-ca.crt'
const DESCRIPTION = 'kubernetes.io/description'
const TEXT =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.'

/** Puts the cluster's CA certificate into every namespace. k8s 1.36: pkg/controller/certificates/rootcacertpublisher. */
export function rootCACertificatePublisher(context: ControllerContext): Controller {
  const client = context.client('root-ca-cert-publisher')
  const namespaceInformer = context.informers.for(namespaces)
  const mapInformer = context.informers.for(configmaps)
  const data = { 'ca.crt': ROOT_CA }
  const loop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'root_ca_cert_publisher',
    workers: 1,
    *reconcile(namespace) {
      const current = mapInformer.get(namespace, NAME)
      if (current && jsonEqual(current.data, data) && current.metadata.annotations?.[DESCRIPTION] !== undefined) return
      const metadata = { name: NAME, namespace, annotations: { [DESCRIPTION]: TEXT } }
      try {
        if (!current) yield* client.create(configmaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data })
        else {
          const annotations = { ...current.metadata.annotations, ...metadata.annotations }
          yield* client.update(configmaps, { ...current, metadata: { ...current.metadata, annotations }, data })
        }
      } catch (error) {
        if (!isNamespaceTerminating(error) && !isNotFound(error)) throw error
      }
    },
  })
  const isActive = (namespace: Namespace) => namespace.status?.phase === 'Active'
  const enqueue = (namespace: Namespace) => {
    if (isActive(namespace)) loop.queue.add(namespace.metadata.name ?? '')
  }
  namespaceInformer.addHandler({ onAdd: enqueue, onUpdate: enqueue })
  const repair = ({ metadata }: ConfigMap) => {
    const namespace = namespaceInformer.get('', metadata.namespace ?? '')
    if (metadata.name === NAME && namespace) enqueue(namespace)
  }
  mapInformer.addHandler({ onUpdate: repair, onDelete: repair })
  return controllerFrom('root-ca-certificate-publisher-controller', [loop])
}
