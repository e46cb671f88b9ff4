import { hexOf, macOf } from '../../link/mac.ts'
import type { Netns } from '../../link/netns.ts'
import { CniError } from '../host-local.ts'
import type { Attachment, CniPlugin, PodSandbox } from '../plugin.ts'
import { mapPorts, unmapPorts } from '../portmap.ts'
import type { CalicoIpam } from './ipam.ts'

const NETWORK_NAME = 'k8s-pod-network'
const GATEWAY = '169.254.1.1'
const HOST_MAC = 'ee:ee:ee:ee:ee:ee'

/** The calico CNI plugin: a routed cable per pod, no bridge. Source: calico v3.31 cni-plugin/pkg/dataplane/linux. */
export class CalicoPlugin implements CniPlugin {
  readonly file = '10-calico.conflist'
  readonly text: string
  private readonly node: string
  private readonly ipam: CalicoIpam
  /** What the pool's tunnel leaves of the MTU; undefined while calico-node has never run here. */
  private readonly mtu: () => number | undefined

  constructor(node: string, ipam: CalicoIpam, mtu: () => number | undefined) {
    this.node = node
    this.text = configFor(node)
    this.ipam = ipam
    this.mtu = mtu
  }

  allocate(pod: PodSandbox): readonly string[] {
    if (this.mtu() === undefined)
      throw new CniError(
        'plugin type="calico" failed (add): stat /var/lib/calico/nodename: no such file or directory: check that the calico/node container is running and has mounted /var/lib/calico/',
      )
    return [this.ipam.assign(this.node, pod.uid)]
  }

  release(uid: string): void {
    this.ipam.release(uid)
  }

  clear(): void {
    // Addresses are given back when pods are deleted: the plugin's state is in the API.
  }

  plug(host: Netns, pod: Netns, attachment: Attachment): void {
    const name = caliName(attachment)
    const mtu = this.mtu() ?? 1500
    const [address = ''] = attachment.addresses
    pod.addDevice({
      name: 'eth0',
      kind: 'veth',
      mac: macOf(`${attachment.uid}/eth0`),
      mtu,
      up: true,
      addresses: [`${address}/32`],
      peer: { netns: host, device: name },
    })
    pod.routes = [
      { destination: 'default', via: GATEWAY, device: 'eth0' },
      { destination: GATEWAY, device: 'eth0', scope: 'link' },
    ]
    host.addDevice({
      name,
      kind: 'veth',
      mac: HOST_MAC,
      mtu,
      up: true,
      addresses: [],
      proxyArp: true,
      peer: { netns: pod, device: 'eth0' },
    })
    host.routes = [...host.routes, { destination: address, device: name, scope: 'link' }]
    mapPorts(host, attachment, NETWORK_NAME)
  }

  unplug(host: Netns, attachment: Attachment): void {
    host.removeDevice(caliName(attachment))
    unmapPorts(host, attachment, NETWORK_NAME)
  }
}

/** What the host's end of a pod's cable is called: it follows from the pod's name. */
export function caliName({ namespace, name }: PodSandbox): string {
  const full = `${namespace}.${name}`
  return `cali${hexOf(full)}${hexOf(`${full}/2`)}`.slice(0, 15)
}

function configFor(node: string): string {
  return `{
  "name": "${NETWORK_NAME}",
  "cniVersion": "0.3.1",
  "plugins": [
    {
      "type": "calico",
      "log_level": "info",
      "datastore_type": "kubernetes",
      "nodename": "${node}",
      "mtu": 0,
      "ipam": { "type": "calico-ipam" },
      "policy": { "type": "k8s" },
      "kubernetes": { "kubeconfig": "/etc/cni/net.d/calico-kubeconfig" }
    },
    { "type": "portmap", "snat": true, "capabilities": { "portMappings": true } }
  ]
}
`
}
