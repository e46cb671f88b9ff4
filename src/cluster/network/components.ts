/** What the network's own programs do while their containers run. */
import { parseNetConf, type NetConf } from '../../network/cni/flannel/net-conf.ts'
import { PolicyEnforcer } from '../../network/policy/enforcer.ts'
import type { System } from '../../runtime/program.ts'
import type { ComponentProcess } from '../component-images.ts'
import type { NodeHost } from '../node-host.ts'
import type { ClusterNetwork } from './network.ts'
import type { PolicyBooks } from './policy-books.ts'

const FLANNEL_CONFIG = '/etc/kube-flannel/net-conf.json'

/** The component that a program on a machine stands for; undefined: none of the network. */
export function networkComponent(
  program: string,
  host: NodeHost | undefined,
  system: System,
  network: ClusterNetwork,
): ComponentProcess | undefined {
  if (program === 'flanneld' && host) return flannelComponent(host, system)
  if (program === 'netpol' && host) return policyComponent(host, network.policyBooks)
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

/** kube-network-policies: enforces NetworkPolicies whatever the network plug-in does. */
function policyComponent(host: NodeHost, books: PolicyBooks): ComponentProcess {
  const enforcer = new PolicyEnforcer({
    name: 'kube-network-policies',
    nodeName: host.name,
    book: books.of('kube-system', 'kube-network-policies'),
    isOwnAddress: (address) => host.netns.isLocal(address),
  })
  return { start: () => enforcer.start(host.netns.netfilter), stop: () => enforcer.stop() }
}

function readConf(system: System): NetConf | Error {
  try {
    return parseNetConf(system.files.read(FLANNEL_CONFIG) ?? '')
  } catch (error) {
    if (error instanceof Error) return error
    throw error
  }
}
