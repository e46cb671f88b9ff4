import type { KubeObject } from '../../apimachinery/resource.ts'

export const CUSTOM_METRICS_API = 'v1beta2.custom.metrics.k8s.io'
export const EXTERNAL_METRICS_API = 'v1beta1.external.metrics.k8s.io'

/**
 * What an adapter such as prometheus-adapter makes known of its APIs.
 * SIMPLIFIED: it runs beside the cluster and not in a pod, so its APIServices are local ones.
 */
export function metricsAdapterObjects(): readonly KubeObject[] {
  return [CUSTOM_METRICS_API, EXTERNAL_METRICS_API].map((name) => {
    const dot = name.indexOf('.')
    return {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name },
      spec: {
        group: name.slice(dot + 1),
        version: name.slice(0, dot),
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    }
  }) as unknown as readonly KubeObject[]
}
