/** What the network's own programs do while their containers run. */
import { parseNetConf, type NetConf } from '../../network/cni/flannel/net-conf.ts'
import { PolicyEnforcer } from '../../network/policy/enforcer.ts'
import type { System } from '../../runtime/program.ts'
import type { ComponentProcess } from '../component-images.ts'
import type { NodeHost } from '../node-host.ts'
import type { PolicyBooks } from './policy-books.ts'

const FLANNEL_CONFIG = '/etc/kube-flannel/net-conf.json'

/** The component that a program on a machine stands for; undefined: none of the network. */
export function networkComponent(
  program: string,
  host: NodeHost,
  system: System,
  books: PolicyBooks,
): ComponentProcess | undefined {
  if (program === 'flanneld') return flannelComponent(host, system)
  if (program === 'netpol') return policyComponent(host, books)
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
