/** What the network's own programs do while their containers run. */
import { parseNetConf, type NetConf } from '../../network/cni/flannel/net-conf.ts'
import type { System } from '../../runtime/program.ts'
import type { ComponentProcess } from '../component-images.ts'
import type { NodeHost } from '../node-host.ts'
import type { ClusterNetwork } from './network.ts'
import { policyEnforcer } from './policy-books.ts'

const FLANNEL_CONFIG = '/etc/kube-flannel/net-conf.json'

/** The component that a program on a machine stands for; undefined: none of the network. */
export function networkComponent(
  program: string,
  host: NodeHost | undefined,
  system: System,
  network: ClusterNetwork,
): ComponentProcess | undefined {
  if (program === 'flanneld' && host) return flannelComponent(host, system)
  if (program === 'netpol' && host)
    return policyEnforcer(host, 'kube-network-policies', network.policyBooks.of('kube-system', 'kube-network-policies'))
  if (program === 'speaker' && host) return network.loadBalancers.speaker(host.name)
  // Its pod has an address of its own, by which no machine is known.
  if (program === 'controller') return network.loadBalancers.controller()
  return undefined
}

function flannelComponent(host: NodeHost, system: System): ComponentProcess {
  const conf = readConf(system)
  return {
    refusal: () => (conf instanceof Error ? `E ${conf.message}` : undefined),
    start: () => !(conf instanceof Error) && host.startNetwork(conf),
    stop: () => host.stopNetwork(),
  }
}

function readConf(system: System): NetConf | Error {
  try {
    return parseNetConf(system.files.read(FLANNEL_CONFIG) ?? '')
  } catch (error) {
    if (error instanceof Error) return error
    throw error
  }
}
