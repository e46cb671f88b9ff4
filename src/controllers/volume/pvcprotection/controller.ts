/** Holds claims while pods use them. k8s 1.36: pkg/controller/volume/pvcprotection. */
export const NAME = 'persistentvolumeclaim-protection-controller'
