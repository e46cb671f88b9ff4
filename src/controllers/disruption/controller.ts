/** Keeps the status of PodDisruptionBudgets. k8s 1.36: pkg/controller/disruption. */
export const NAME = 'disruption-controller'
