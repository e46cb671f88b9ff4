/** Binds claims and volumes. k8s 1.36: pkg/controller/volume/persistentvolume. */
export const NAME = 'persistentvolume-binder-controller'
