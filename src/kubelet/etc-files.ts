import type { Pod } from '../apimachinery/generated/types.ts'
import type { VolumeFiles } from './cri.ts'

const CLUSTER_DOMAIN = 'cluster.local'
const CLUSTER_DNS = '10.96.0.10'
/** What the machine's own resolver is. */
const HOST_RESOLV = 'nameserver 10.0.0.1\n'

function hosts(pod: Pod, podIP: string, hostname: string): string {
  const lines = [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
  ]
  const { subdomain } = pod.spec ?? {}
  const full = subdomain ? `${hostname}.${subdomain}.${pod.metadata.namespace ?? ''}.svc.${CLUSTER_DOMAIN}\t` : ''
  if (podIP) lines.push(`${podIP}\t${full}${hostname}`)
  const aliases = pod.spec?.hostAliases ?? []
  if (aliases.length > 0) lines.push('', '# Entries added by HostAliases.')
  for (const { ip, hostnames = [] } of aliases) lines.push(`${ip}\t${hostnames.join('\t')}`)
  return `${lines.join('\n')}\n`
}

function resolvConf(pod: Pod): string {
  const { dnsPolicy = 'ClusterFirst', hostNetwork, dnsConfig } = pod.spec ?? {}
  const namespace = pod.metadata.namespace ?? 'default'
  const cluster = dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && !hostNetwork)
  const search = cluster ? [`${namespace}.svc.${CLUSTER_DOMAIN}`, `svc.${CLUSTER_DOMAIN}`, CLUSTER_DOMAIN] : []
  const servers = cluster ? [CLUSTER_DNS] : []
  const options = new Map(cluster ? [['ndots', '5']] : [])
  search.push(...(dnsConfig?.searches ?? []))
  servers.push(...(dnsConfig?.nameservers ?? []))
  for (const { name = '', value = '' } of dnsConfig?.options ?? []) options.set(name, value)
  if (servers.length === 0 && dnsPolicy !== 'None') return HOST_RESOLV
  const lines = search.length > 0 ? [`search ${search.join(' ')}`] : []
  for (const server of servers) lines.push(`nameserver ${server}`)
  if (options.size > 0) lines.push(`options ${[...options].map(([n, v]) => (v ? `${n}:${v}` : n)).join(' ')}`)
  return `${lines.join('\n')}\n`
}

/** The files of /etc that the kubelet writes for a pod. k8s 1.36: kubelet ensureHostsFile, network/dns. */
export function etcFiles(pod: Pod, podIP: string, nodeName: string): VolumeFiles {
  const hostname = pod.spec?.hostNetwork
    ? nodeName
    : (pod.spec?.hostnameOverride ?? pod.spec?.hostname ?? pod.metadata.name ?? '')
  return new Map([
    ['hosts', hosts(pod, podIP, hostname)],
    ['hostname', `${hostname}\n`],
    ['resolv.conf', resolvConf(pod)],
  ])
}
