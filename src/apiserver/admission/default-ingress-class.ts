import type { Ingress, IngressClass } from '../../apimachinery/generated/types.ts'
import { writes } from './forbid.ts'
import type { AdmissionPlugin } from './plugin.ts'

const IS_DEFAULT = 'ingressclass.kubernetes.io/is-default-class'

/** Ingresses without a class get the default one, the newest of several. k8s 1.36: DefaultIngressClass. */
export const defaultIngressClass: AdmissionPlugin = {
  name: 'DefaultIngressClass',
  buckets: ['ingresses.networking.k8s.io'],
  admit: (attributes) => {
    if (!writes(attributes, 'ingresses.networking.k8s.io', 'CREATE')) return
    const ingress = attributes.object as Ingress
    if (ingress.spec?.ingressClassName !== undefined) return
    if (ingress.metadata.annotations?.['kubernetes.io/ingress.class'] !== undefined) return
    const classes = attributes.scope.registry.etcd
      .range('ingressclasses.networking.k8s.io')
      .map(({ value }) => value as IngressClass)
      .filter(({ metadata }) => metadata.annotations?.[IS_DEFAULT] === 'true')
      .sort((a, b) => ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? 1 : -1))
    const found = classes[0]
    if (!found) return
    const classed: Ingress = { ...ingress, spec: { ...ingress.spec, ingressClassName: found.metadata.name } }
    return classed
  },
}
