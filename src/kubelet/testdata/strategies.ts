import type { Pod } from '../../apimachinery/generated/types.ts'
import type { Strategy } from '../../apiserver/kinds/strategy.ts'

/** As much of the pod strategy as the kubelet's tests need. */
export const podStrategy: Strategy = {
  group: '',
  resource: 'pods',
  fields: { 'spec.nodeName': (o) => (o as Pod).spec?.nodeName ?? '' },
  prepareForCreate: (o) => ({ ...o, metadata: { ...o.metadata, generation: 1 }, status: { phase: 'Pending' } }) as typeof o,
  gracePeriodSeconds: (o, requested) => requested ?? (o as Pod).spec?.terminationGracePeriodSeconds ?? 30,
}
