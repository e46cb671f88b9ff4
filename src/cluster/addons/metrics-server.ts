import type { KubeObject } from '../../apimachinery/resource.ts'

export const METRICS_GROUP = 'metrics.k8s.io'
export const METRICS_VERSION = 'v1beta1'
export const METRICS_PRIORITY = 100

/** What the manifest of metrics-server 0.8 makes known of its API. */
export function metricsServerObjects(): readonly KubeObject[] {
  const labels = { 'k8s-app': 'metrics-server' }
  const aggregated = {
    'rbac.authorization.k8s.io/aggregate-to-admin': 'true',
    'rbac.authorization.k8s.io/aggregate-to-edit': 'true',
    'rbac.authorization.k8s.io/aggregate-to-view': 'true',
  }
  const objects = [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'system:aggregated-metrics-reader', labels: { ...labels, ...aggregated } },
      rules: [{ apiGroups: [METRICS_GROUP], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] }],
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `${METRICS_VERSION}.${METRICS_GROUP}`, labels },
      spec: {
        group: METRICS_GROUP,
        version: METRICS_VERSION,
        groupPriorityMinimum: METRICS_PRIORITY,
        versionPriority: 100,
      },
    },
  ]
  return objects as readonly KubeObject[]
}
