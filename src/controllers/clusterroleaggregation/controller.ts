/** Fills aggregated cluster roles. k8s 1.36: pkg/controller/clusterroleaggregation. */
export const NAME = 'clusterrole-aggregation-controller'
