/** Runs pods until enough of them succeed. k8s 1.36: pkg/controller/job. */
export const NAME = 'job-controller'
