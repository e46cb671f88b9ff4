/** Starts Jobs by the clock. k8s 1.36: pkg/controller/cronjob. */
export const NAME = 'cronjob-controller'
