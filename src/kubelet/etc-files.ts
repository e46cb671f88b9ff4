import type { Pod } from '../apimachinery/generated/types.ts'
import type { VolumeFiles } from './cri.ts'

const CLUSTER_DOMAIN = 'cluster.local'
const CLUSTER_DNS = '10.96.0.10'
/** The machine's own resolver. */
const HOST_DNS = '10.0.0.1'

const lineOf = (entry: readonly string[]) => entry.join('\t')

/** k8s 1.36: kubelet managedHostsFileContent, nodeHostsFileContent. */
function hosts(pod: Pod, podIPs: readonly string[], hostname: string, nodeIP: string, nodeName: string): string {
  const { subdomain, hostNetwork } = pod.spec ?? {}
  const own = ['127.0.0.1\tlocalhost', '::1\tlocalhost ip6-localhost ip6-loopback']
  const lines = hostNetwork
    ? ['# Kubernetes-managed hosts file (host network).', ...own, lineOf([nodeIP, nodeName])]
    : [
        '# Kubernetes-managed hosts file.',
        ...own,
        'fe00::0\tip6-localnet',
        'fe00::0\tip6-mcastprefix',
        'fe00::1\tip6-allnodes',
        'fe00::2\tip6-allrouters',
      ]
  const full = subdomain ? [`${hostname}.${subdomain}.${pod.metadata.namespace ?? ''}.svc.${CLUSTER_DOMAIN}`] : []
  if (!hostNetwork) for (const address of podIPs) if (address !== '') lines.push(lineOf([address, ...full, hostname]))
  const aliases = pod.spec?.hostAliases ?? []
  if (aliases.length > 0) lines.push('', '# Entries added by HostAliases.')
  for (const { ip, hostnames = [] } of aliases) lines.push(lineOf([ip, ...hostnames]))
  return `${lines.join('\n')}\n`
}

/** At most as many servers as a C library asks. */
const MAX_SERVERS = 3

/** k8s 1.36: kubelet network/dns Configurer.GetPodDNS: the policy's settings, and after them those of the pod's dnsConfig. */
function resolvConf(pod: Pod): string {
  const { dnsPolicy = 'ClusterFirst', hostNetwork, dnsConfig } = pod.spec ?? {}
  const namespace = pod.metadata.namespace ?? 'default'
  const isCluster = dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && !hostNetwork)
  const search = isCluster ? [`${namespace}.svc.${CLUSTER_DOMAIN}`, `svc.${CLUSTER_DOMAIN}`, CLUSTER_DOMAIN] : []
  const servers = isCluster ? [CLUSTER_DNS] : dnsPolicy === 'None' ? [] : [HOST_DNS]
  const options = new Map(isCluster ? [['ndots', '5']] : [])
  search.push(...(dnsConfig?.searches ?? []))
  servers.push(...(dnsConfig?.nameservers ?? []))
  for (const { name = '', value = '' } of dnsConfig?.options ?? []) options.set(name, value)
  const lines = search.length > 0 ? [`search ${[...new Set(search)].join(' ')}`] : []
  for (const server of [...new Set(servers)].slice(0, MAX_SERVERS)) lines.push(`nameserver ${server}`)
  if (options.size > 0) lines.push(`options ${[...options].map(([n, v]) => (v ? `${n}:${v}` : n)).join(' ')}`)
  return `${lines.join('\n')}\n`
}

/** The files of /etc that the kubelet writes for a pod. k8s 1.36: kubelet ensureHostsFile, network/dns. */
export function etcFiles(pod: Pod, podIP: string, nodeName: string): VolumeFiles {
  const hostname = pod.spec?.hostNetwork
    ? nodeName
    : (pod.spec?.hostnameOverride ?? pod.spec?.hostname ?? pod.metadata.name ?? '')
  return new Map([
    ['hosts', hosts(pod, [podIP], hostname, podIP, nodeName)],
    ['hostname', `${hostname}\n`],
    ['resolv.conf', resolvConf(pod)],
  ])
}
