/** Sizes workloads by their load. k8s 1.36: pkg/controller/podautoscaler. */
export const NAME = 'horizontal-pod-autoscaler-controller'
