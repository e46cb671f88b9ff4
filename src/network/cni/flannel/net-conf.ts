/** net-conf.json: what flannel is told about the network. Source: flannel v0.27 Documentation/configuration.md, backends.md. */

export interface NetConf {
  readonly network: string
  readonly enableIPv6: boolean
  readonly ipv6Network: string
  readonly backend: 'vxlan' | 'host-gw' | 'udp'
  readonly vni: number
  readonly port: number
  readonly directRouting: boolean
}

/** Reads the text. Throws an Error with flanneld's own message. */
export function parseNetConf(text: string): NetConf {
  const config = parseJson(text)
  const backend = (config['Backend'] ?? {}) as { readonly [key: string]: unknown }
  const type = String(backend['Type'] ?? 'udp')
  if (type !== 'vxlan' && type !== 'host-gw' && type !== 'udp')
    throw new Error(`Error fetching backend: unknown backend type: ${type}`)
  const network = String(config['Network'] ?? '')
  if (!/^\d+\.\d+\.\d+\.\d+\/\d+$/.test(network))
    throw new Error('Error getting network config: please define a correct Network parameter in the flannel config')
  return {
    network,
    enableIPv6: config['EnableIPv6'] === true,
    ipv6Network: String(config['IPv6Network'] ?? ''),
    backend: type,
    vni: Number(backend['VNI'] ?? 1),
    port: Number(backend['Port'] ?? (type === 'udp' ? 8285 : 8472)),
    directRouting: backend['DirectRouting'] === true,
  }
}

function parseJson(text: string): { readonly [key: string]: unknown } {
  try {
    return JSON.parse(text) as { readonly [key: string]: unknown }
  } catch (error) {
    throw new Error(`Error getting network config: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

/** What the backend leaves of eth0's MTU. Bytes. */
export function flannelMtu(conf: NetConf, physical: number): number {
  return physical - (conf.backend === 'vxlan' ? 50 : conf.backend === 'udp' ? 28 : 0)
}
