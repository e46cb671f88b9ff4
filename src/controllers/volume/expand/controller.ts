/** Grows volumes. k8s 1.36: pkg/controller/volume/expand. */
export const NAME = 'persistentvolume-expander-controller'
