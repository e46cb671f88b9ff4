/** Runs pods with stable names. k8s 1.36: pkg/controller/statefulset. */
export const NAME = 'statefulset-controller'
