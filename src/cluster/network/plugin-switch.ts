/** Another network plug-in on a running cluster, as a person does it: the old daemon is deleted, the new manifest applied. */
import { applyFile } from '../../kubectl/apply.ts'
import type { DoorRequest } from '../../kubectl/door.ts'
import { calicoObjects } from '../addons/calico.ts'
import { flannelObjects } from '../addons/flannel.ts'
import type { Cluster } from '../cluster.ts'
import { ADMIN } from '../identities.ts'
import type { FaultResult } from './faults.ts'

export type NetworkPlugin = 'flannel' | 'calico'

const DAEMONS: { readonly [plugin in NetworkPlugin]: readonly string[] } = {
  flannel: ['/apis/apps/v1/namespaces/kube-flannel/daemonsets/kube-flannel-ds'],
  calico: [
    '/apis/apps/v1/namespaces/kube-system/daemonsets/calico-node',
    '/apis/apps/v1/namespaces/kube-system/deployments/calico-kube-controllers',
  ],
}
const FILES = { flannel: '10-flannel.conflist', calico: '10-calico.conflist' }

/** Which plug-in's configuration new pods get, on the first machine that has one. */
export function currentPlugin(cluster: Cluster): NetworkPlugin | undefined {
  for (const host of cluster.machines()) {
    const [file] = host.network.files
    if (file !== undefined) return file === FILES.calico ? 'calico' : 'flannel'
  }
  return undefined
}

/** Pods that run keep their addresses and cables until they are made anew. */
export function switchPlugin(cluster: Cluster, to: NetworkPlugin): FaultResult {
  if (cluster.isExternal) return { ok: false, message: 'the network of a managed cluster is its provider’s' }
  if (currentPlugin(cluster) === to) return { ok: false, message: `the network plug-in is ${to} already` }
  const from = to === 'calico' ? 'flannel' : 'calico'
  const call = (request: DoorRequest) => cluster.call(request, ADMIN)
  for (const path of DAEMONS[from]) call({ method: 'DELETE', path })
  // rm /etc/cni/net.d/… on each machine: of two files the runtime takes the first by name.
  for (const host of cluster.machines()) host.network.uninstall(FILES[from])
  const findKind = (apiVersion: string, kind: string) => cluster.api.resources.findKind(apiVersion, kind)
  const objects = to === 'calico' ? calicoObjects() : flannelObjects()
  applyFile({ call, findKind }, objects.map((object) => JSON.stringify(object)).join('\n---\n'))
  return { ok: true, message: `${from} goes, ${to} is applied; pods get new addresses when they are made anew` }
}
