/** Holds volumes while they are bound. k8s 1.36: pkg/controller/volume/pvprotection. */
export const NAME = 'persistentvolume-protection-controller'
