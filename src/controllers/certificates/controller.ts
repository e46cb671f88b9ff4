/** Approves, signs and cleans certificate signing requests. k8s 1.36: pkg/controller/certificates. */
export const NAME = 'certificatesigningrequest-signing-controller'
