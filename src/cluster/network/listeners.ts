/** Who listens where: the ports of the runtime's pods, and of the machine's own programs. */
import type { ListenerLookup } from '../../network/link/netns.ts'
import type { Protocol } from '../../network/packet.ts'
import type { PodBox } from '../../runtime/pod-box.ts'
import type { PortService } from '../../runtime/program.ts'
import type { NodeHost } from '../node-host.ts'

export const KUBELET_PORT = 10_250
export const API_PORT = 6443
const SSH_PORT = 22

/** The program that has a port of a pod. */
export function podService(box: PodBox | undefined, protocol: Protocol, port: number): PortService | undefined {
  return protocol === 'tcp' || protocol === 'udp' ? box?.serviceOn(protocol, port) : undefined
}

export function podListeners(host: NodeHost, podUid: string): ListenerLookup {
  return (protocol, _address, port) => {
    const box = host.runtime?.pod(podUid)
    return podService(box, protocol, port) && nameOf(box, port)
  }
}

/** Pods in the machine's own network. */
export function hostPods(host: NodeHost): readonly PodBox[] {
  return [...(host.runtime?.pods() ?? [])].filter((box) => box.sandboxes[0]?.ip === '')
}

export function hostListeners(host: NodeHost): ListenerLookup {
  return (protocol, _address, port) => {
    if (!host.powered) return undefined
    if (protocol === 'tcp' && port === KUBELET_PORT) return host.kubelet.running ? 'kubelet' : undefined
    if (protocol === 'tcp' && port === SSH_PORT) return 'sshd'
    const box = hostPods(host).find((candidate) => podService(candidate, protocol, port))
    return box && nameOf(box, port)
  }
}

/** The container whose process has a port. */
function nameOf(box: PodBox | undefined, port: number): string {
  return (
    box?.containers.find((container) => container.state === 'running' && container.openPorts.has(port))?.config.name ??
    'a process'
  )
}
