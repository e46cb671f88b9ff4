import type { KubeObject } from '../../apimachinery/resource.ts'
import { ROOT_CA } from '../../controllers/rootcacertpublisher/root-ca.ts'
import { bootstrapTokenObjects } from './bootstrap-tokens.ts'
import { corednsObjects } from './coredns.ts'
import { flannelObjects } from './flannel.ts'
import { kubeProxyObjects } from './kube-proxy.ts'
import { localPathObjects } from './local-path.ts'
import { metricsServerObjects } from './metrics-server.ts'

/** What a new cluster gets beside the control plane, in the order of creation. */
export function addonObjects(nowMs: number): readonly KubeObject[] {
  return [
    ...bootstrapTokenObjects(nowMs, ROOT_CA),
    ...corednsObjects(),
    ...kubeProxyObjects(),
    ...flannelObjects(),
    ...metricsServerObjects(),
    ...localPathObjects(),
  ]
}
