/** Who listens where: the ports of the runtime's pods, and of the machine's own programs. */
import type { Listener, ListenerLookup } from '../../network/link/netns.ts'
import type { Protocol } from '../../network/packet.ts'
import type { PodBox } from '../../runtime/pod-box.ts'
import type { PortService } from '../../runtime/program.ts'
import type { NodeHost } from '../node-host.ts'

export const KUBELET_PORT = 10_250
export const API_PORT = 6443
const SSH_PORT = 22
const BGP_PORT = 179

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
    if (protocol === 'tcp' && port === BGP_PORT && host.hasBird) return 'bird'
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

/** Everything that listens in the machine's own network. SIMPLIFIED: process numbers are made up, one for each container. */
export function listenersOf(host: NodeHost): readonly Listener[] {
  const own: Listener[] = [{ protocol: 'tcp', address: '0.0.0.0', port: SSH_PORT, process: 'sshd', pid: 612 }]
  if (host.kubelet.running) {
    own.push({ protocol: 'tcp', address: '127.0.0.1', port: 10_248, process: 'kubelet', pid: 731 })
    own.push({ protocol: 'tcp', address: '*', port: KUBELET_PORT, process: 'kubelet', pid: 731 })
  }
  if (host.hasBird) own.push({ protocol: 'tcp', address: '0.0.0.0', port: BGP_PORT, process: 'bird', pid: 2210 })
  const pods = hostPods(host).flatMap((box, i) => listenersIn(box, 1200 + 10 * i))
  return [...own, ...pods].toSorted((a, b) => a.port - b.port)
}

/** What listens in a pod. */
export function listenersIn(box: PodBox, pid: number): readonly Listener[] {
  return [...box.ports].map(([port, service]) => ({
    protocol: service.protocol === 'udp' ? 'udp' : 'tcp',
    address: '*',
    port,
    process: nameOf(box, port),
    pid,
  }))
}
