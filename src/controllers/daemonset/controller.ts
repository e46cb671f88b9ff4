/** Runs one pod of a DaemonSet on each node that fits. k8s 1.36: pkg/controller/daemon. */
export const NAME = 'daemonset-controller'
