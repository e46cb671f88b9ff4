/** Attaches volumes to nodes. k8s 1.36: pkg/controller/volume/attachdetach. */
export const NAME = 'persistentvolume-attach-detach-controller'
