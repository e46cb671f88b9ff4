import type { Netns } from '../../link/netns.ts'
import { plugIntoBridge, unplugFromBridge, type BridgeConfig } from '../bridge.ts'
import { CniError, HostLocal } from '../host-local.ts'
import type { Attachment, CniPlugin, PodSandbox } from '../plugin.ts'
import { mapPorts, unmapPorts } from '../portmap.ts'

/** Of the configuration list in the add-on's ConfigMap. */
const NETWORK_NAME = 'cbr0'
const CONFIG = `{
  "name": "cbr0",
  "cniVersion": "0.3.1",
  "plugins": [
    {
      "type": "flannel",
      "delegate": {
        "hairpinMode": true,
        "isDefaultGateway": true
      }
    },
    {
      "type": "portmap",
      "capabilities": {
        "portMappings": true
      }
    }
  ]
}
`

/** /run/flannel/subnet.env, which flanneld writes and the plugin reads. */
export interface SubnetEnv {
  readonly network: string
  /** The node's range: '10.244.1.0/24'. */
  readonly subnet: string
  readonly mtu: number
}

/** The flannel CNI plugin: delegates to bridge, with addresses by host-local from the node's subnet. */
export class FlannelPlugin implements CniPlugin {
  readonly file = '10-flannel.conflist'
  readonly text = CONFIG
  private readonly addresses = new HostLocal()
  private env: SubnetEnv | undefined

  /** flanneld has written the file anew. Pods that are there keep what they have. */
  configure(env: SubnetEnv): void {
    this.env = env
    this.addresses.configure(env.subnet)
  }

  runFiles(): ReadonlyMap<string, string> {
    const { env } = this
    if (!env) return new Map()
    const length = env.subnet.slice(env.subnet.indexOf('/'))
    const lines = [
      `FLANNEL_NETWORK=${env.network}`,
      `FLANNEL_SUBNET=${this.addresses.gateway}${length}`,
      `FLANNEL_MTU=${env.mtu}`,
      'FLANNEL_IPMASQ=true',
    ]
    return new Map([['/run/flannel/subnet.env', `${lines.join('\n')}\n`]])
  }

  allocate(pod: PodSandbox): readonly string[] {
    if (!this.env)
      throw new CniError(
        'plugin type="flannel" failed (add): loadFlannelSubnetEnv failed: open /run/flannel/subnet.env: no such file or directory',
      )
    return [this.addresses.allocate(pod.uid)]
  }

  release(uid: string): void {
    this.addresses.release(uid)
  }

  clear(): void {
    this.addresses.clear()
  }

  plug(host: Netns, pod: Netns, attachment: Attachment): void {
    const config = this.bridgeConfig()
    if (!config) return
    plugIntoBridge(config, host, pod, attachment)
    mapPorts(host, attachment, NETWORK_NAME)
  }

  unplug(host: Netns, attachment: Attachment): void {
    unplugFromBridge(host, attachment)
    unmapPorts(host, attachment, NETWORK_NAME)
  }

  private bridgeConfig(): BridgeConfig | undefined {
    const { env } = this
    if (!env) return undefined
    return {
      bridge: 'cni0',
      mtu: env.mtu,
      hairpin: true,
      ranges: [{ subnet: env.subnet, gateway: this.addresses.gateway }],
      networks: [env.network],
    }
  }
}
