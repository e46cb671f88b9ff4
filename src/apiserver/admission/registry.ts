import type { AdmissionPlugin } from './plugin.ts'

/** The admission plugins that are on by default, in kube-apiserver's order. */
export const ADMISSION: readonly AdmissionPlugin[] = []
