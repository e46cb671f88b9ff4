/** The portmap plugin: host ports by DNAT. Source: containernetworking plugins 1.9, meta/portmap. */
import { hexOf } from '../link/mac.ts'
import type { Netns } from '../link/netns.ts'
import { isIPv6 } from '../packet.ts'
import type { Attachment, HostPort } from './plugin.ts'
import { ensureRules, removeRules } from './rules.ts'

/** Chains that all host ports of a machine share. */
const SHARED: readonly string[] = [
  '*nat',
  ':CNI-HOSTPORT-SETMARK - [0:0]',
  ':CNI-HOSTPORT-MASQ - [0:0]',
  ':CNI-HOSTPORT-DNAT - [0:0]',
  '-A CNI-HOSTPORT-SETMARK -m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark 0x2000/0x2000',
  '-A CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE',
  '-A POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ',
  '-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT',
  '-A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT',
  'COMMIT',
]

/** Opens a pod's host ports. */
export function mapPorts(host: Netns, attachment: Attachment, networkName: string): void {
  if (!attachment.hostPorts?.length) return
  host.sysctls.set('net.ipv4.conf.all.route_localnet', '1')
  ensureRules(host, SHARED)
  ensureRules(host, linesFor(attachment, networkName))
}

export function unmapPorts(host: Netns, attachment: Attachment, networkName: string): void {
  if (attachment.hostPorts?.length) removeRules(host, linesFor(attachment, networkName))
}

function linesFor(attachment: Attachment, networkName: string): readonly string[] {
  const { hostPorts = [], uid, addresses } = attachment
  const address = addresses.find((candidate) => !isIPv6(candidate)) ?? ''
  const sandbox = `${hexOf(uid)}${hexOf(`${uid}/sandbox`)}`.repeat(4)
  const chain = `CNI-DN-${`${hexOf(`${uid}/0`)}${hexOf(`${uid}/1`)}${hexOf(`${uid}/2`)}`.slice(0, 21)}`
  const comment = `-m comment --comment "dnat name: \\"${networkName}\\" id: \\"${sandbox}\\""`
  const protocols = [...new Set(hostPorts.map((port) => port.protocol))]
  const entries = protocols.map((protocol) => {
    const ports = hostPorts.filter((port) => port.protocol === protocol).map((port) => port.hostPort)
    return `-A CNI-HOSTPORT-DNAT -p ${protocol} ${comment} -m multiport --dports ${ports.join(',')} -j ${chain}`
  })
  return ['*nat', `:${chain} - [0:0]`, ...hostPorts.flatMap((port) => rulesFor(port, chain, address)), ...entries, 'COMMIT']
}

function rulesFor({ hostPort, hostIP, containerPort, protocol }: HostPort, chain: string, address: string): string[] {
  const isAny = hostIP === '' || hostIP === '0.0.0.0' || hostIP === '::'
  const match = `${isAny ? '' : `-d ${hostIP}/32 `}-p ${protocol} -m ${protocol} --dport ${hostPort}`
  const from = (source: string) => `-A ${chain} -s ${source} ${match} -j CNI-HOSTPORT-SETMARK`
  const subnet = `${address.slice(0, address.lastIndexOf('.'))}.0/24`
  return [from(subnet), from('127.0.0.1/32'), `-A ${chain} ${match} -j DNAT --to-destination ${address}:${containerPort}`]
}
