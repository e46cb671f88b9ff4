/** Recounts what a namespace uses. k8s 1.36: pkg/controller/resourcequota. */
export const NAME = 'resourcequota-controller'
