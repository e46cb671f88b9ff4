/** Deletes finished Jobs after their time. k8s 1.36: pkg/controller/ttlafterfinished. */
export const NAME = 'ttl-after-finished-controller'
