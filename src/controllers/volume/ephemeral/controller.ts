/** Makes the claims of ephemeral volumes. k8s 1.36: pkg/controller/volume/ephemeral. */
export const NAME = 'ephemeral-volume-controller'
