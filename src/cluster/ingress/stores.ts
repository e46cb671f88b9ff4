import {
  configmaps,
  endpointslices,
  ingressclasses,
  ingresses,
  nodes,
  pods,
  secrets,
  services,
} from '../../apimachinery/generated/resources.ts'
import type { EndpointSlice, Ingress } from '../../apimachinery/generated/types.ts'
import type { Client } from '../../client/client.ts'
import { InformerFactory } from '../../client/informer.ts'
import type { KubeObject, ResourceRef } from '../../apimachinery/resource.ts'
import type { IngressWorld, StreamMap } from '../../network/ingress/model.ts'

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class'
const WATCHED: readonly ResourceRef[] = [ingresses, ingressclasses, services, endpointslices, secrets, configmaps]

/** Which Ingresses are this controller's. */
export interface ClassChoice {
  /** --controller-class: what IngressClasses name in spec.controller. */
  readonly controller: string
  /** --ingress-class: for the old annotation. */
  readonly name: string
  readonly withoutClass: boolean
}

/** What the ingress controller watches. */
export class IngressStores implements IngressWorld {
  private readonly informers: InformerFactory

  /** `onChange` is told of whatever may change the configuration. */
  constructor(client: Client, onChange: (object: KubeObject) => void) {
    this.informers = new InformerFactory(client)
    this.informers
      .for(endpointslices)
      .addIndex('service', ({ metadata }) => [
        `${metadata.namespace ?? ''}/${metadata.labels?.['kubernetes.io/service-name'] ?? ''}`,
      ])
    for (const ref of WATCHED) this.informers.for(ref).addHandler({ onAdd: onChange, onUpdate: onChange, onDelete: onChange })
  }

  /** Throws StatusError when the account may not watch. */
  start(): void {
    this.informers.start()
  }

  stop(): void {
    this.informers.stop()
  }

  ingresses({ controller, name, withoutClass }: ClassChoice): readonly Ingress[] {
    const classes = new Set(
      [...this.informers.for(ingressclasses).list()]
        .filter(({ spec }) => spec?.controller === controller)
        .map(({ metadata }) => metadata.name),
    )
    return [...this.informers.for(ingresses).list()].filter(({ metadata, spec }) => {
      if (metadata.deletionTimestamp) return false
      if (spec?.ingressClassName !== undefined) return classes.has(spec.ingressClassName)
      const annotated = metadata.annotations?.[CLASS_ANNOTATION]
      return annotated === undefined ? withoutClass : annotated === name
    })
  }

  service(namespace: string, name: string) {
    return this.informers.for(services).get(namespace, name)
  }

  slices(namespace: string, service: string): readonly EndpointSlice[] {
    return this.informers.for(endpointslices).byIndex('service', `${namespace}/${service}`)
  }

  secret(namespace: string, name: string) {
    return this.informers.for(secrets).get(namespace, name)
  }

  /** The ports of a tcp-services or udp-services ConfigMap, named 'namespace/name'. */
  streams(protocol: StreamMap['protocol'], key: string): StreamMap {
    const [namespace = '', name = ''] = key.split('/')
    return { protocol, entries: this.informers.for(configmaps).get(namespace, name)?.data ?? {} }
  }

  /** The address of the machine that a pod is on. */
  nodeAddress(namespace: string, podName: string): string | undefined {
    const { nodeName } = this.informers.for(pods).get(namespace, podName)?.spec ?? {}
    const { addresses = [] } = this.informers.for(nodes).get('', nodeName ?? '')?.status ?? {}
    return (addresses.find(({ type }) => type === 'ExternalIP') ?? addresses.find(({ type }) => type === 'InternalIP'))?.address
  }
}
